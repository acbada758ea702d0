import { join } from 'node:path';
import { z } from 'zod';
import type { Agent } from '../agent.ts';
import { startOfLastLines } from '../events/last-lines.ts';
import { followLog, tailLog } from '../events/log-file.ts';
import { type ApiServer, failures, jailParams } from './api-schema.ts';
import { openEventStream } from './sse.ts';

const logLineSchema = z
  .object({ time: z.string(), stream: z.enum(['stdout', 'stderr']), whole: z.boolean(), text: z.string() })
  .meta({ id: 'LogLine' });

const query = z.object({
  tail: z.coerce.number().int().min(0).max(100_000).default(100),
  follow: z.enum(['true', 'false']).default('false'),
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
      const path = join(agent.context.paths.logs, `${name}.log`);
      const { tail, follow } = request.query;
      if (follow === 'false') return tailLog(path, tail);
      const start = await startOfLastLines(path, tail);
      const stream = openEventStream(reply);
      // piece by piece, as its reader takes it
      for await (const line of followLog(path, start, stream.closed)) {
        stream.send('log', line);
        await stream.ready();
      }
      return reply;
    },
  );
}
