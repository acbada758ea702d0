import { z } from 'zod';
import type { Agent } from '../agent.ts';
import { type ApiServer, failures, jailParams } from '../api/api-schema.ts';
import { emptyColumns } from './samples.ts';

const counts = z.array(z.number());
/** null where it is not counted. */
const observedCounts = z.array(z.number().nullable());

/** Recent samples of a jail, as columns of the same length, the oldest first. */
export const historySchema = z
  .object({
    name: z.string(),
    /** How far back samples are kept, in s; fewer when memory is short, or the agent is younger. 0: none are. */
    seconds: z.number().int(),
    /** ms since 1970 of each sample. A jail that does not run has none. */
    time: counts,
    /** µs of all CPUs. Counters begin at 0 with each run. */
    cpu: counts,
    /** Bytes. */
    memory: counts,
    /** Processes. */
    pids: counts,
    /** Bytes of block devices, and of the jail's own interfaces. */
    read: counts,
    written: counts,
    received: counts,
    sent: counts,
    /** Programs executed, and TCP connections asked for. */
    executed: observedCounts,
    connections: observedCounts,
    /** How many different capabilities were used, and denied. */
    used: observedCounts,
    denied: observedCounts,
    /** Calls that seccomp refused, and files opened: in mode record. */
    refused: observedCounts,
    opened: observedCounts,
  })
  .meta({ id: 'History' });

const query = z.object({
  /** Only samples later than that, in ms since 1970. */
  since: z.coerce.number().min(0).default(0),
  /** Of each so many seconds, the last sample. */
  every: z.coerce.number().int().min(1).max(3600).default(1),
});

/** The last hour of a jail, for pictures of it. */
export function historyRoutes(server: ApiServer, agent: Agent): void {
  const { history } = agent.context;
  server.get(
    '/v1/jails/:name/history',
    {
      schema: {
        summary: 'Recent figures of a jail, one sample a second',
        params: jailParams,
        querystring: query,
        response: { 200: historySchema, ...failures },
      },
    },
    ({ params: { name }, query: { since, every } }) => {
      agent.jail(name);
      const columns = history.of(name)?.columns(since, every * 1000) ?? emptyColumns();
      return {
        name,
        seconds: history.options.seconds,
        ...columns,
        executed: orNull(columns.executed),
        connections: orNull(columns.connections),
        used: orNull(columns.used),
        denied: orNull(columns.denied),
        refused: orNull(columns.refused),
        opened: orNull(columns.opened),
      };
    },
  );
}

/** JSON has no NaN. */
function orNull(values: readonly number[]): (number | null)[] {
  return values.map((value) => (Number.isNaN(value) ? null : value));
}
