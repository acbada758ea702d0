import { join } from 'node:path';
import { z } from 'zod';
import type { Agent } from '../agent.ts';
import { aboutFile, followLog, placeIn } from '../events/log-file.ts';
import { startsOfLastLines, tailLog } from '../events/whole-lines.ts';
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
    .regex(/^\d{1,20}-\d{1,20}$/)
    .transform((id) => {
      const [inode, offset] = id.split('-').map(Number);
      return { inode: inode ?? 0, offset: offset ?? 0 };
    })
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
      const path = join(agent.context.paths.logs, `${name}.log`);
      const { tail, follow, after } = request.query;
      if (follow === 'false') return tailLog(path, tail);
      const { inode } = await aboutFile(path);
      const known = after === undefined ? undefined : await placeIn(path, after);
      const starts =
        known === undefined ? await startsOfLastLines(path, tail) : { stdout: known, stderr: known };
      const start = Math.min(starts.stdout, starts.stderr);
      const stream = openEventStream(reply);
      stream.standsAt(`${inode}-${start}`);
      // piece by piece, as its reader takes it
      for await (const { line, at } of followLog(path, start, stream.closed)) {
        // between the parts of a line may be the rest of one of the other stream that is not wanted any more
        if (at.inode === inode && at.offset <= starts[line.stream]) continue;
        stream.send('log', line, `${at.inode}-${at.offset}`);
        await stream.ready();
      }
      return reply;
    },
  );
}
