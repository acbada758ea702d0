import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RunRecord } from '../../jail/lifecycle/jail-slot.ts';
import type { ObservedFigures } from '../observation/figures.ts';
import { processListOf } from './processes.ts';
import { blockBytes, type Sample, Samples } from './samples.ts';
import { readUsage } from './stats.ts';

export interface HistoryOptions {
  /** How far back it goes; 0 for no history. */
  seconds: number;
  /** The most memory for the samples of all jails. */
  bytes: number;
}

/** A running jail. */
export interface SampledJail {
  name: string;
  /** @throws when it has ended just now, or the host cannot say */
  sample: () => Sample;
}

/** ms between two samples. */
const interval = 1000;

/** Samples of all running jails, one a second, in memory that is bounded: when it is full, the oldest are dropped. */
export class History {
  readonly options: HistoryOptions;
  readonly #jails = new Map<string, Samples>();
  #timer: NodeJS.Timeout | undefined;
  #isSampling = false;
  /** Of all jails. */
  #blocks = 0;

  constructor(options: HistoryOptions) {
    this.options = options;
  }

  /**
   * Begins to sample.
   *
   * @param installed names of all jails: the samples of others are dropped
   * @param running those that run
   */
  begin(installed: () => ReadonlySet<string>, running: () => Iterable<SampledJail>): void {
    if (this.options.seconds === 0) return;
    this.#timer = setInterval(() => {
      this.keepOnly(installed());
      void this.sampleAll(running());
    }, interval);
  }

  end(): void {
    clearInterval(this.#timer);
  }

  /** Of a jail that has no samples: undefined. */
  of(jail: string): Samples | undefined {
    return this.#jails.get(jail);
  }

  /** Bytes that the samples take. */
  get bytes(): number {
    return this.#blocks * blockBytes;
  }

  add(jail: string, sample: Sample): void {
    const samples = this.#jails.get(jail) ?? new Samples();
    this.#jails.set(jail, samples);
    const before = samples.blocks;
    samples.add(sample);
    samples.dropBefore((sample.time ?? 0) - this.options.seconds * 1000);
    this.#blocks += samples.blocks - before;
    while (this.bytes > this.options.bytes) this.#dropOldest();
  }

  keepOnly(jails: ReadonlySet<string>): void {
    for (const [name, { blocks }] of this.#jails)
      if (!jails.has(name)) {
        this.#jails.delete(name);
        this.#blocks -= blocks;
      }
  }

  #dropOldest(): void {
    let [oldest] = this.#jails;
    for (const each of this.#jails)
      if (oldest === undefined || each[1].oldest < oldest[1].oldest) oldest = each;
    if (oldest === undefined) return;
    oldest[1].dropOldest();
    this.#blocks -= 1;
    if (oldest[1].blocks === 0) this.#jails.delete(oldest[0]);
  }

  /** A jail of which there is no sample has a gap; the others are not kept from theirs, nor is the agent from its work. */
  async sampleAll(jails: Iterable<SampledJail>): Promise<void> {
    // a host that is too slow for one sample a second has fewer
    if (this.#isSampling) return;
    this.#isSampling = true;
    for (const { name, sample } of jails) {
      try {
        this.add(name, sample());
      } catch {}
      await nextTurn();
    }
    this.#isSampling = false;
  }
}

/** What a run has used so far. @param observed what was counted of it */
export function sampleOf(record: RunRecord, observed: ObservedFigures | undefined): Sample {
  return {
    time: Date.now(),
    ...readUsage(record),
    pids: processListOf(record).length,
    executed: observed?.executed,
    connections: observed?.connections,
    used: observed?.used.length,
    denied: observed?.denied.length,
    refused: observed?.refused,
    opened: observed?.opened,
  };
}
