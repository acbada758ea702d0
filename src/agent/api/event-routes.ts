import { z } from 'zod';
import { envelopeSchema } from '../../sign/envelope-schema.ts';
import type { Agent } from '../agent.ts';
import { checkpointOf } from '../checkpoints/checkpoints.ts';
import type { EventRecord } from '../events/event-record.ts';
import { type ApiServer, failures } from './api-schema.ts';
import { openEventStream } from './sse.ts';

const eventSchema = z
  .object({
    seq: z.number().int(),
    time: z.string(),
    kind: z.string(),
    jail: z.string().optional(),
    by: z.string().optional(),
    detail: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
    previous: z.string(),
    hash: z.string(),
  })
  .meta({ id: 'Event' });

const hash = z.string().regex(/^[0-9a-f]{64}$/);

const verdictSchema = z
  .object({
    records: z.number().int(),
    head: z.string(),
    broken: z.object({ line: z.number().int(), why: z.string() }).optional(),
  })
  .meta({ id: 'EventVerdict' });

const query = z.object({
  tail: z.coerce.number().int().min(0).max(100_000).default(100),
  /** Instead of the last ones, all that come after this number. */
  after: z.coerce.number().int().min(0).optional(),
  follow: z.enum(['true', 'false']).default('false'),
});

/** What a browser's EventSource sends when it comes back. */
const headers = z.object({ 'last-event-id': z.coerce.number().int().min(0).optional() });

/** The log of events: read, followed, verified. */
export function eventRoutes(server: ApiServer, agent: Agent): void {
  const { events } = agent.context;
  server.get(
    '/v1/events',
    {
      schema: {
        summary: 'What has happened; with follow, server-sent events',
        querystring: query,
        headers,
        response: { 200: z.array(eventSchema), ...failures },
      },
    },
    async (request, reply) => {
      const { tail, follow, after = request.headers['last-event-id'] } = request.query;
      const read = () => (after === undefined ? events.tail(tail) : events.after(after));
      if (follow === 'false') return read();
      const stream = openEventStream(reply);
      // what happens while the log is read must be neither lost nor told twice
      let waiting: EventRecord[] | undefined = [];
      let last = 0;
      const send = (record: EventRecord) => {
        if (waiting !== undefined) waiting.push(record);
        else if (record.seq > last) {
          last = record.seq;
          stream.send(record.kind, record, record.seq);
        }
      };
      events.on('event', send);
      stream.closed.addEventListener('abort', () => events.off('event', send), { once: true });
      const { seq } = events;
      const records = await read();
      if (records.length === 0) stream.standsAt(seq);
      // the past goes as its reader takes it: only of what happens now is a slow one cut off
      for (const record of records) {
        last = record.seq;
        stream.send(record.kind, record, record.seq);
        await stream.ready();
      }
      const meanwhile = waiting;
      waiting = undefined;
      for (const record of meanwhile) send(record);
      return reply;
    },
  );
  server.get(
    '/v1/events/verify',
    {
      schema: {
        summary: 'Whether the log is as it was written',
        querystring: z.object({ known: hash.optional() }),
        response: { 200: verdictSchema, ...failures },
      },
    },
    (request) => events.verify(request.query.known),
  );
  server.get(
    '/v1/events/checkpoint',
    {
      schema: {
        summary: 'The head of the log, signed by the key of this host: a DSSE envelope',
        response: { 200: envelopeSchema, ...failures },
      },
    },
    async () => envelopeSchema.parse(JSON.parse(await checkpointOf(events, agent.context.paths.jail))),
  );
}
