import { z } from 'zod';
import type { Agent } from '../agent.ts';
import { followLog } from '../events/log-file.ts';
import { startsOfLastLines, tailLog } from '../events/whole-lines.ts';
import { logPath } from '../supervision/log-keeper.ts';
import { type ApiServer, failures, jailParams } from './api-schema.ts';
import { openEventStream } from './sse.ts';

const logLineSchema = z
  .object({ time: z.string(), stream: z.enum(['stdout', 'stderr']), whole: z.boolean(), text: z.string() })
  .meta({ id: 'LogLine' });

const query = z.object({
  tail: z.coerce.number().int().min(0).max(100_000).default(100),
  follow: z.enum(['true', 'false']).default('false'),
  /** With follow, instead of the last lines: all that come after the one with this id. */
  after: z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number)
    .optional(),
});

/** What jails have printed, and print. */
export function logRoutes(server: ApiServer, agent: Agent): void {
  server.get(
    '/v1/jails/:name/logs',
    {
      schema: {
        summary: 'What a jail has printed; with follow, server-sent events',
        params: jailParams,
        querystring: query,
        response: { 200: z.array(logLineSchema), ...failures },
      },
    },
    async (request, reply) => {
      const { name } = agent.jail(request.params.name);
      const path = logPath(name, agent.context.paths);
      const { tail, follow, after } = request.query;
      if (follow === 'false') return tailLog(path, tail);
      const starts =
        after === undefined ? await startsOfLastLines(path, tail) : { stdout: after, stderr: after };
      const start = Math.min(starts.stdout, starts.stderr);
      const stream = openEventStream(reply);
      stream.standsAt(start);
      // piece by piece, as its reader takes it
      for await (const one of followLog(path, start, stream.closed)) {
        if ('lost' in one) stream.send('lost', { bytes: one.lost }, one.at);
        // between the parts of a line may be the rest of one of the other stream that is not wanted any more
        else if (one.at > starts[one.line.stream]) stream.send('log', one.line, one.at);
        await stream.ready();
      }
      return reply;
    },
  );
}
