import { z } from 'zod';
import type { Agent } from '../agent.ts';
import { metricsText } from '../metrics/metrics.ts';
import { processSchema, readProcesses } from '../metrics/processes.ts';
import { readStats, type Stats, statsSchema } from '../metrics/stats.ts';
import { isRunning } from '../state/run-file.ts';
import { assertRun } from '../supervision/active-run.ts';
import { type ApiServer, failures, jailNameSchema, jailParams } from './api-schema.ts';
import { openEventStream } from './sse.ts';

const query = z.object({
  /** Only that jail. */
  jail: jailNameSchema.optional(),
  /** With every process of theirs. */
  processes: z.enum(['true', 'false']).default('false'),
  follow: z.enum(['true', 'false']).default('false'),
  /** Seconds between two samples. */
  interval: z.coerce.number().min(0.1).max(3600).default(1),
});

/** What jails use. */
export function statsRoutes(server: ApiServer, agent: Agent): void {
  server.get(
    '/v1/stats',
    {
      schema: {
        summary: 'What the running jails use; with follow, server-sent events',
        querystring: query,
        response: { 200: z.array(statsSchema), ...failures },
      },
    },
    async (request, reply) => {
      const { jail, processes, follow, interval } = request.query;
      if (jail !== undefined) agent.jail(jail);
      const read = () =>
        allStats(agent, processes === 'true').filter(({ name }) => jail === undefined || name === jail);
      if (follow === 'false') return read();
      const stream = openEventStream(reply);
      const send = () => {
        try {
          stream.send('stats', read());
        } catch {
          // the client asks again, and is told why
          stream.end();
        }
      };
      const timer = setInterval(send, interval * 1000);
      stream.closed.addEventListener('abort', () => clearInterval(timer), { once: true });
      send();
      return reply;
    },
  );
  server.get(
    '/v1/jails/:name/processes',
    {
      schema: {
        summary: 'The processes of a jail',
        params: jailParams,
        response: { 200: z.array(processSchema), ...failures },
      },
    },
    ({ params: { name } }) => {
      const { record } = assertRun(agent.jail(name)).file;
      return readProcesses(record, agent.context.observation.figuresOf(record.id));
    },
  );
  server.get('/metrics', { schema: { hide: true } }, async (_request, reply) =>
    reply.type('text/plain; version=0.0.4; charset=utf-8').send(await metricsText(agent, allStats(agent))),
  );
}

function allStats(agent: Agent, withProcesses = false): Stats[] {
  const { observation } = agent.context;
  return [...agent.jails.values()].flatMap(({ run }) =>
    run !== undefined && isRunning(run.file)
      ? [
          readStats(
            run.file.record,
            {
              run: observation.figuresOfRun(run.file.record.id),
              process: observation.figuresOf(run.file.record.id),
            },
            withProcesses,
          ),
        ]
      : [],
  );
}
