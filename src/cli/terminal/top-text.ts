import type { JailProcess } from '../../agent/metrics/processes.ts';
import type { Stats } from '../../agent/metrics/stats.ts';
import { observedColumns, observedJailColumns } from './observed-columns.ts';
import { bold, type Column, tableText } from './output.ts';
import { short, statsColumns, type Usage, usageOf } from './rates.ts';

/** What rows are sorted by; each begins with the key that chooses it. */
export const sortKeys = ['cpu', 'memory', 'io', 'network', 'wait'] as const;

export type SortKey = (typeof sortKeys)[number];

export function isSortKey(text: string): text is SortKey {
  return sortKeys.some((key) => key === text);
}

export interface TopView {
  sort: SortKey;
  /** Shows what was observed instead of the use of resources. */
  observed: boolean;
}

/** One look at the jails, and at the processes that come with them. */
export function topText(
  before: readonly Stats[],
  now: readonly Stats[],
  { sort, observed }: TopView,
): string {
  const usage = usageOf(before, now);
  const total = (value: (one: Usage) => number) => usage.reduce((sum, one) => sum + value(one), 0);
  const summary =
    `${usage.length} running, ${total(({ pids }) => pids)} processes, ` +
    `CPU ${total(({ cpuPercent }) => cpuPercent).toFixed(1)}%, memory ${short(total(({ memory }) => memory))}`;
  const jails = usage.toSorted((a, b) => weights[sort](b) - weights[sort](a) || compare(a.name, b.name));
  const tables = [titled(observed ? tableText(jails, observedJailColumns) : tableText(jails, statsColumns))];
  if (now.some(({ processes }) => processes !== undefined)) {
    const rows = processUsage(before, now);
    const sorted = rows.toSorted(
      (a, b) => processWeights[sort](b) - processWeights[sort](a) || a.pid - b.pid,
    );
    tables.push(titled(tableText(sorted, processColumns(now.length > 1, observed))));
  }
  return `${summary}\n${tables.join('\n')}`;
}

const weights: Record<SortKey, (one: Usage) => number> = {
  cpu: ({ cpuPercent }) => cpuPercent,
  memory: ({ memory }) => memory,
  io: ({ readRate, writeRate }) => readRate + writeRate,
  network: ({ receiveRate, sendRate }) => receiveRate + sendRate,
  wait: ({ pressure }) => (pressure === undefined ? 0 : pressure.cpu + pressure.memory + pressure.io),
};

/** A process with its jail's name, and rates since the look before. */
interface ProcessUsage extends JailProcess {
  jail: string;
  /** Of one CPU. */
  cpuPercent: number;
  waitPercent: number;
  readRate: number;
  writeRate: number;
}

const processWeights: Record<SortKey, (one: ProcessUsage) => number> = {
  cpu: ({ cpuPercent }) => cpuPercent,
  memory: ({ resident }) => resident,
  io: ({ readRate, writeRate }) => readRate + writeRate,
  network: () => 0,
  wait: ({ waitPercent }) => waitPercent,
};

function processUsage(before: readonly Stats[], now: readonly Stats[]): ProcessUsage[] {
  return now.flatMap((jail) => {
    const then = before.find(({ name }) => name === jail.name);
    const earlier = new Map(then?.processes?.map((one) => [one.pid, one]));
    const seconds = then === undefined ? 0 : (jail.time - then.time) / 1000;
    return (jail.processes ?? []).map((one) => {
      const old = earlier.get(one.pid);
      // a pid that belongs to another process now counts from zero again
      const rate = (key: 'cpu' | 'waited' | 'read' | 'written') =>
        old === undefined || seconds <= 0 || one[key] < old[key] ? 0 : (one[key] - old[key]) / seconds;
      return {
        ...one,
        jail: jail.name,
        cpuPercent: rate('cpu') / 10,
        waitPercent: rate('waited') / 10,
        readRate: rate('read'),
        writeRate: rate('written'),
      };
    });
  });
}

function processColumns(withJail: boolean, observed: boolean): Column<ProcessUsage>[] {
  const jail: Column<ProcessUsage> = { title: 'JAIL', text: ({ jail: name }) => name, shrinks: true };
  return [
    { title: 'PID', text: ({ pid }) => String(pid) },
    ...(withJail ? [jail] : [{ title: 'IN JAIL', text: ({ jailPid }: ProcessUsage) => String(jailPid) }]),
    ...(observed ? observedColumns : usageColumns),
    { title: 'COMMAND', text: ({ command }) => command },
  ];
}

const usageColumns: Column<ProcessUsage>[] = [
  { title: 'S', text: ({ state }) => state },
  { title: 'CPU%', text: ({ cpuPercent }) => cpuPercent.toFixed(1) },
  { title: 'WAIT%', text: ({ waitPercent }) => waitPercent.toFixed(1) },
  { title: 'MEM', text: ({ resident }) => short(resident) },
  { title: 'R/s', text: ({ readRate }) => short(readRate) },
  { title: 'W/s', text: ({ writeRate }) => short(writeRate) },
  { title: 'THR', text: ({ threads }) => String(threads) },
  { title: 'FDS', text: ({ files }) => String(files) },
];

/** The first line stands out. */
function titled(table: string): string {
  const [first = '', ...rest] = table.split('\n');
  return [bold(first), ...rest].join('\n');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : 1;
}
