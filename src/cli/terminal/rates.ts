import type { Stats } from '../../agent/metrics/stats.ts';
import type { Column } from './output.ts';

/** What a jail uses, with rates per second between two samples. */
export interface Usage extends Stats {
  /** Of one CPU. */
  cpuPercent: number;
  readRate: number;
  writeRate: number;
  receiveRate: number;
  sendRate: number;
}

/** The figures of the later sample, with the rates since the earlier one. */
export function usageOf(before: readonly Stats[], after: readonly Stats[]): Usage[] {
  const earlier = new Map(before.map((stats) => [stats.name, stats]));
  return after.map((now) => {
    const then = earlier.get(now.name) ?? now;
    const seconds = (now.time - then.time) / 1000;
    const rate = (key: 'cpu' | 'read' | 'written' | 'received' | 'sent') =>
      // a restarted jail counts from zero again
      seconds > 0 && now[key] >= then[key] ? (now[key] - then[key]) / seconds : 0;
    return {
      ...now,
      cpuPercent: rate('cpu') / 10_000,
      readRate: rate('read'),
      writeRate: rate('written'),
      receiveRate: rate('received'),
      sendRate: rate('sent'),
    };
  });
}

/** Three digits and a unit: `1.2M`. */
export function short(bytes: number): string {
  const units = ['', 'K', 'M', 'G', 'T'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)}${units[unit] ?? ''}`;
}

/** 80 columns wide: longer names than 16 are shortened there. */
export const statsColumns: Column<Usage>[] = [
  { title: 'NAME', text: ({ name }) => name, shrinks: true },
  { title: 'CPU%', text: ({ cpuPercent }) => cpuPercent.toFixed(1) },
  { title: 'MEM', text: ({ memory }) => short(memory) },
  { title: 'LIMIT', text: ({ memoryLimit }) => (memoryLimit === undefined ? '-' : short(memoryLimit)) },
  { title: 'PROC', text: ({ pids }) => String(pids) },
  { title: 'THR', text: ({ threads }) => String(threads) },
  { title: 'FDS', text: ({ files }) => String(files) },
  { title: 'R/s', text: ({ readRate }) => short(readRate) },
  { title: 'W/s', text: ({ writeRate }) => short(writeRate) },
  { title: 'RX/s', text: ({ receiveRate }) => short(receiveRate) },
  { title: 'TX/s', text: ({ sendRate }) => short(sendRate) },
  {
    title: 'WAIT c/m/i',
    text: ({ pressure }) =>
      pressure === undefined ? '-' : [pressure.cpu, pressure.memory, pressure.io].map(Math.round).join('/'),
  },
];
