import { setImmediate as nextTurn } from 'node:timers/promises';
import { capabilityNames } from '../control/capabilities.ts';
import type { BpfMap } from '../kernel/bpf.ts';
import type { Counters } from './counters.ts';
import { type LossKind, u64, ways } from './layout.ts';

/** What a jail has done so far, summed over its programs. */
export interface JailTotals {
  /** Checks, by capability: granted, denied in the jail's user namespace, denied on the host. */
  capabilities: Map<string, { granted: number; denied: number; host: number }>;
  /** TCP connections and listening sockets. */
  connections: Record<(typeof ways)[number], number>;
  /** Calls that seccomp refused: counted in mode record, and for policies. */
  refused: number;
  /** Files opened: counted in mode record. */
  opened: number;
  /** Different programs. */
  programs: number;
  lost: Record<LossKind, number>;
}

/** How many entries are read before others get their turn. */
const slice = 512;

/** Reads the totals of jails, each map once. The event loop goes on meanwhile. */
export async function readTotals(
  counters: Counters,
  jails: readonly number[],
): Promise<Map<number, JailTotals>> {
  const totals = new Map<number, JailTotals>();
  for (const jail of jails) {
    const { programs, lost, figures } = counters.entry(jail);
    const connections = { connected: 0, failed: 0, accepted: 0, listens: 0 };
    totals.set(jail, {
      capabilities: new Map(),
      connections,
      refused: 0,
      opened: figures.opened,
      programs,
      lost,
    });
  }
  const { capabilities, connections, calls } = counters.programs.maps;
  await each(capabilities, totals, (of, key, value) => {
    const number = key.readUInt32LE(8);
    const name = capabilityNames[number] ?? `CAP_${number}`;
    const sum = of.capabilities.get(name) ?? { granted: 0, denied: 0, host: 0 };
    sum.granted += u64(value, 0);
    sum.denied += u64(value, 8);
    sum.host += u64(value, 24);
    of.capabilities.set(name, sum);
  });
  await each(connections, totals, (of, key, value) => {
    const way = ways[key.readUInt8(8) - 1];
    if (way !== undefined) of.connections[way] += u64(value, 0);
  });
  await each(calls, totals, (of, _key, value) => {
    of.refused += u64(value, 8);
  });
  return totals;
}

async function each(
  map: BpfMap,
  totals: ReadonlyMap<number, JailTotals>,
  add: (of: JailTotals, key: Buffer, value: Buffer) => void,
): Promise<void> {
  let read = 0;
  for (const key of map.keys()) {
    read += 1;
    if (read % slice === 0) await nextTurn();
    const of = totals.get(key.readUInt32LE(0));
    const value = of === undefined ? undefined : map.lookup(key);
    if (of !== undefined && value !== undefined) add(of, key, value);
  }
}
