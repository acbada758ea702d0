import { z } from 'zod';
import { ProdngError } from '../../error/prodng-error.ts';
import type { Agent } from '../agent.ts';
import { beginOfLog, followLog } from '../events/log-file.ts';
import { isWithin, tailPeriod } from '../events/log-period.ts';
import { type LineStarts, startsOfLastLines, tailLog } from '../events/whole-lines.ts';
import { logPath } from '../supervision/log-keeper.ts';
import { type ApiServer, failures, jailParams } from './api-schema.ts';
import { openEventStream } from './sse.ts';

const logLineSchema = z
  .object({ time: z.string(), stream: z.enum(['stdout', 'stderr']), whole: z.boolean(), text: z.string() })
  .meta({ id: 'LogLine' });

/** RFC 3339; ms since 1970. */
const moment = z.iso.datetime({ offset: true }).transform(Date.parse).optional();

const query = z.object({
  tail: z.coerce.number().int().min(0).max(100_000).default(100),
  follow: z.enum(['true', 'false']).default('false'),
  /** With follow, instead of the last lines: all that come after the one with this id. */
  after: z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number)
    .optional(),
  since: moment.describe('Only what was printed from then on; with follow, in place of tail'),
  until: moment.describe('Only what was printed before then; not with follow'),
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
      const { tail, follow, after, since, until } = request.query;
      if (follow === 'false')
        return since === undefined && until === undefined
          ? tailLog(path, tail)
          : tailPeriod(path, tail, { since, until });
      if (until !== undefined) throw new ProdngError('USAGE', 'until: not with follow');
      const starts = await startsOf(path, { tail, after, since });
      const start = Math.min(starts.stdout, starts.stderr);
      const stream = openEventStream(reply);
      stream.standsAt(start);
      // piece by piece, as its reader takes it
      for await (const one of followLog(path, start, stream.closed)) {
        if ('lost' in one) stream.send('lost', { bytes: one.lost }, one.at);
        // between the parts of a line may be the rest of one of the other stream that is not wanted any more
        else if (one.at > starts[one.line.stream] && isWithin(one.line.time, { since }))
          stream.send('log', one.line, one.at);
        await stream.ready();
      }
      return reply;
    },
  );
}

/** Where a follower begins. */
async function startsOf(
  path: string,
  { tail, after, since }: Pick<z.infer<typeof query>, 'tail' | 'after' | 'since'>,
): Promise<LineStarts> {
  if (after === undefined && since === undefined) return startsOfLastLines(path, tail);
  const start = after ?? (await beginOfLog(path));
  return { stdout: start, stderr: start };
}
