import { readlinkSync } from 'node:fs';
import { z } from 'zod';
import { jailDetailSchema, jailSummarySchema } from '../agent/api/jail-view.ts';
import type { AgentClient } from '../agent/client.ts';
import { statsSchema } from '../agent/metrics/stats.ts';
import { socketsOf } from '../evidence/collect/network.ts';
import { above, big, type Constraint, mayMatch, type Row, row, type Table, text } from './table.ts';

const eventSchema = z.object({
  seq: z.number(),
  time: z.string(),
  kind: z.string(),
  jail: z.string().optional(),
  by: z.string().optional(),
  detail: z.record(z.string(), z.unknown()).optional(),
  hash: z.string(),
});

/** The tables that ask the agent. Each takes `=` and LIKE of the jail's name, and asks only for those jails. */
export function tablesOf(client: AgentClient): Table[] {
  const jails = jailsOf(client);
  const detail = async (name: string) =>
    jailDetailSchema.parse(await client.call('GET', `/v1/jails/${encodeURIComponent(name)}`));
  const eachRunning = async (
    constraints: readonly Constraint[],
    rows: (name: string, pid: number) => Row[] | Promise<Row[]>,
  ) => {
    const found: Row[] = [];
    for (const { name, pid } of await jails(constraints))
      if (pid !== undefined) found.push(...(await rows(name, pid)));
    return found;
  };
  return [
    {
      name: 'prodng_jails',
      columns: [
        text('name', 'index'),
        text('version'),
        text('sha256', 'hidden'),
        text('state'),
        text('health'),
        text('desired'),
        big('pid'),
        text('started'),
        big('restarts'),
        text('address'),
      ],
      async rows(constraints) {
        const rows: Row[] = [];
        for (const jail of await jails(constraints, 'name')) {
          const { name, version, state, health, desired, pid, started, restarts, address } = jail;
          const { sha256 } = await detail(name);
          rows.push(row({ name, version, sha256, state, health, desired, pid, started, restarts, address }));
        }
        return rows;
      },
    },
    {
      name: 'prodng_processes',
      columns: [
        text('jail', 'index'),
        big('pid'),
        big('jail_pid'),
        big('uid'),
        text('state'),
        big('threads'),
        big('resident'),
        text('command'),
      ],
      rows: (constraints) =>
        eachRunning(constraints, async (jail) => {
          const path = `/v1/stats?processes=true&jail=${encodeURIComponent(jail)}`;
          const [stats] = z.array(statsSchema).parse(await client.call('GET', path));
          return (stats?.processes ?? []).map(({ pid, jailPid, uid, state, threads, resident, command }) =>
            row({ jail, pid, jail_pid: jailPid, uid, state, threads, resident, command }),
          );
        }),
    },
    {
      name: 'prodng_declarations',
      columns: [text('jail', 'index'), text('field'), text('value')],
      async rows(constraints) {
        const rows: Row[] = [];
        for (const { name } of await jails(constraints))
          for (const [field, value] of Object.entries((await detail(name)).declaration))
            rows.push(
              row({ jail: name, field, value: typeof value === 'string' ? value : JSON.stringify(value) }),
            );
        return rows;
      },
    },
    {
      name: 'prodng_connections',
      columns: [
        text('jail', 'index'),
        text('protocol'),
        text('state'),
        text('local'),
        text('peer'),
        big('uid'),
        big('inode', 'hidden'),
      ],
      rows: (constraints) =>
        eachRunning(constraints, (jail, pid) =>
          ownSockets(pid)
            .filter(({ protocol, state }) => protocol !== 'unix' && state !== 'listening')
            .map(({ protocol, state, local, peer, uid, inode }) =>
              row({ jail, protocol, state, local, peer, uid, inode }),
            ),
        ),
    },
    {
      name: 'prodng_listeners',
      columns: [text('jail', 'index'), text('protocol'), text('local'), big('uid'), big('inode', 'hidden')],
      rows: (constraints) =>
        eachRunning(constraints, (jail, pid) =>
          ownSockets(pid)
            .filter(({ state }) => state === 'listening')
            .map(({ protocol, local, uid, inode }) => row({ jail, protocol, local, uid, inode })),
        ),
    },
    {
      name: 'prodng_events',
      columns: [
        big('seq', 'index'),
        text('time'),
        text('kind'),
        text('jail'),
        text('by'),
        text('detail'),
        text('hash', 'hidden'),
      ],
      async rows(constraints) {
        const after = above(constraints, 'seq');
        const path = after < 0 ? '/v1/events?tail=10000' : `/v1/events?after=${after}`;
        return z
          .array(eventSchema)
          .parse(await client.call('GET', path))
          .map(({ seq, time, kind, jail, by, detail: facts, hash }) =>
            row({ seq, time, kind, jail, by, detail: JSON.stringify(facts ?? {}), hash }),
          );
      },
    },
  ];
}

/** Lists the jails that a query asks for. */
export function jailsOf(client: AgentClient) {
  return async (constraints: readonly Constraint[], column = 'jail') =>
    z
      .array(jailSummarySchema)
      .parse(await client.call('GET', '/v1/jails'))
      .filter(({ name }) => mayMatch(constraints, column, name));
}

/** Not those of the host, where a jail has no network of its own. */
function ownSockets(pid: number) {
  try {
    return namespaceOf(pid) === namespaceOf('self') ? [] : socketsOf(pid);
  } catch {
    return [];
  }
}

function namespaceOf(pid: number | 'self'): string {
  return readlinkSync(`/proc/${pid}/ns/net`);
}
