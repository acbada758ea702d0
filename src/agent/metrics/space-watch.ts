import { statfs } from 'node:fs/promises';
import type { EventLog } from '../events/event-log.ts';
import { Background } from '../supervision/background.ts';
import type { Family } from './prometheus.ts';

/** ms between two looks at the file system. */
const interval = 10_000;
/** How much more than the least must be free to count as enough again: no event at each write around the limit. */
const recovered = 1.1;

/** Records in the events when the file system of the state folder runs out of space, and when it has space again. */
export class SpaceWatch {
  readonly #folder: string;
  readonly #low: number;
  readonly #events: Pick<EventLog, 'append'>;
  #isLow = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param low bytes; 0 for no watch */
  constructor(folder: string, low: number, events: Pick<EventLog, 'append'>) {
    this.#folder = folder;
    this.#low = low;
    this.#events = events;
  }

  /** Looks at once, and then every ten seconds. */
  begin(): void {
    const background = new Background(this.#events);
    const look = () => void background.run(() => this.check());
    look();
    this.#timer = setInterval(look, interval);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** @throws SystemError when the file system cannot be asked */
  async check(): Promise<void> {
    const free = await freeBytes(this.#folder);
    const isLow = free < this.#low * (this.#isLow ? recovered : 1);
    if (isLow === this.#isLow) return;
    this.#isLow = isLow;
    await this.#events.append(isLow ? 'space-low' : 'space-restored', undefined, { free, low: this.#low });
  }
}

/** Bytes that the file system of a folder has free, without those that are kept for root, statfs(2). */
async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** Free bytes for the metrics; none where the file system cannot be asked. */
export async function spaceFamily(folder: string): Promise<Family> {
  const free = await freeBytes(folder).catch(() => undefined);
  return {
    name: 'prodng_agent_state_free_bytes',
    type: 'gauge',
    help: 'Free space of the file system of the state folder',
    samples: free === undefined ? [] : [{ labels: {}, value: free }],
  };
}
