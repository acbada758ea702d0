import type { LogLine } from '../../agent/events/log-file.ts';

/** An entry of a jail's log. */
export interface PrintedEntry extends LogLine {
  jail: string;
}

/** Parts of a line that are held back: a service may print a line without an end. */
const mostParts = 1024;

/** Keeps what a test says of whole lines: a line that comes in parts is tested when its end has come. */
export class LineFilter {
  readonly #test: (text: string) => boolean;
  readonly #parts = new Map<string, PrintedEntry[]>();

  constructor(test: (text: string) => boolean) {
    this.#test = test;
  }

  /** @returns the entries of the line that ends with this one, if it is wanted */
  take(entry: PrintedEntry): PrintedEntry[] {
    const key = `${entry.stream} ${entry.jail}`;
    const parts = this.#parts.get(key) ?? [];
    parts.push(entry);
    if (!entry.whole && parts.length < mostParts) {
      this.#parts.set(key, parts);
      return [];
    }
    this.#parts.delete(key);
    return this.#wants(parts) ? parts : [];
  }

  /** The entries of wanted lines that have no end yet. */
  rest(): PrintedEntry[] {
    return [...this.#parts.values()].filter((parts) => this.#wants(parts)).flat();
  }

  #wants(parts: readonly PrintedEntry[]): boolean {
    return this.#test(parts.map(({ text }) => text).join(''));
  }
}

/** Logs of several jails as one, in the order of time. Entries of one log keep their order, whatever their times are. */
export function merged(logs: readonly (readonly PrintedEntry[])[]): PrintedEntry[] {
  const queues = logs.map((entries) => ({ entries, next: 0, ...momentOf(entries[0]) }));
  const all: PrintedEntry[] = [];
  for (;;) {
    const left = queues.filter(({ entries, next }) => next < entries.length);
    const [head, ...others] = left;
    if (head === undefined) return all;
    const first = others.reduce((best, one) => (isBefore(one, best) ? one : best), head);
    all.push(...first.entries.slice(first.next, first.next + 1));
    first.next += 1;
    Object.assign(first, momentOf(first.entries[first.next]));
  }
}

interface Moment {
  ms: number;
  nanoseconds: number;
}

/** A time that cannot be read is before all others: the entry comes where it is. */
function momentOf(entry: PrintedEntry | undefined): Moment {
  const time = entry?.time ?? '';
  const ms = Date.parse(time);
  const digits = /\.(\d{1,9})/.exec(time)?.[1] ?? '';
  return { ms: Number.isNaN(ms) ? 0 : ms, nanoseconds: Number(digits.padEnd(9, '0')) };
}

function isBefore(one: Moment, other: Moment): boolean {
  return one.ms < other.ms || (one.ms === other.ms && one.nanoseconds < other.nanoseconds);
}

/** A time of the log in UTC, with all of its digits. */
export function utcTime(time: string): string {
  const at = Date.parse(time);
  if (Number.isNaN(at)) return time;
  return `${new Date(at).toISOString().slice(0, 19)}${/\.\d+/.exec(time)?.[0] ?? ''}Z`;
}
