import type { JailDetail } from '../../agent/api/jail-view.ts';
import type { LogLine } from '../../agent/events/log-file.ts';
import type { Stats } from '../../agent/metrics/stats.ts';
import { bold, duration, printable } from './output.ts';
import { utcTime } from './printed-line.ts';
import { short } from './rates.ts';

/** What `prodng status` shows of a jail. */
export interface StatusFacts {
  jail: JailDetail;
  /** Of a jail that runs. */
  stats: Stats | undefined;
  /** The end of its log. */
  log: readonly LogLine[];
}

/** A jail for people: its state and why, what it uses of its limits, and the end of its log. */
export function statusText({ jail, stats, log }: StatusFacts): string {
  const { overrides } = jail;
  const rows: [string, string | undefined][] = [
    ['state', stateRow(jail)],
    ['desired', jail.desired],
    ['at boot', overrides.boot === undefined ? undefined : overrides.boot ? 'enabled' : 'disabled'],
    ['version', overrides.hold === true ? 'held' : undefined],
    ['health', jail.health === 'none' ? undefined : jail.health],
    ['fault', jail.fault],
    ['pid', jail.pid === undefined ? undefined : String(jail.pid)],
    ['last exit', exitRow(jail)],
    ['restarts', String(jail.restarts)],
    ['address', addressRow(jail)],
    ...limitRows(stats),
  ];
  const width = Math.max(...rows.map(([title]) => title.length));
  const shown = rows.flatMap(([title, text]) =>
    text === undefined ? [] : [`  ${title.padStart(width)}: ${printable(text)}`],
  );
  const lines = log.map(({ time, text }) => `  ${atSecond(time)} ${printable(text)}`);
  const parts = [
    bold(`${jail.name} ${jail.version}`),
    ...shown,
    ...(lines.length === 0 ? [] : ['', ...lines]),
  ];
  return `${parts.join('\n')}\n`;
}

/** A jail that does not run is in its state since its last exit, if it has ever run. */
function stateRow({ state, started, uptime, lastExit, created }: JailDetail): string {
  if (started === undefined || uptime === undefined)
    return `${state} since ${atSecond(lastExit?.time ?? created)}`;
  return `${state} since ${atSecond(started)}, for ${duration(uptime)}`;
}

function exitRow({ lastExit }: JailDetail): string | undefined {
  if (lastExit === undefined) return undefined;
  const { status, reason, signal, time } = lastExit;
  const why = [reason, signal].filter((one) => one !== undefined).join(', ');
  return `${status === undefined ? 'unknown status' : `status ${status}`}${why === '' ? '' : ` (${why})`} at ${atSecond(time)}`;
}

function addressRow({ address, network }: JailDetail): string | undefined {
  if (address === undefined) return undefined;
  const link = network === undefined ? '' : ` on ${network.link}`;
  return `${address}${link}${network?.gateway === undefined ? '' : `, gateway ${network.gateway}`}`;
}

/** By the limits that the kernel enforces. */
function limitRows(stats: Stats | undefined): [string, string][] {
  if (stats === undefined) return [];
  const { memory, memoryLimit, cpu, cpuLimit, threads, pidsLimit } = stats;
  return [
    ['memory', `${short(memory)} of ${memoryLimit === undefined ? 'no limit' : short(memoryLimit)}`],
    [
      'cpu',
      `${(cpu / 1e6).toFixed(1)} s used, ${cpuLimit === undefined ? 'no limit' : `limit ${cpuLimit} %`}`,
    ],
    ['threads', `${threads} of ${pidsLimit ?? 'no limit'}`],
  ];
}

/** Without the digits after the second. */
function atSecond(time: string): string {
  return utcTime(time).replace(/\.\d+/, '');
}
