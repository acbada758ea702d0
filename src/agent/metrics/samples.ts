/** What is sampled of a jail, in the order of its columns. */
export const sampleColumns = [
  'time',
  'cpu',
  'memory',
  'pids',
  'read',
  'written',
  'received',
  'sent',
  'executed',
  'connections',
  'used',
  'denied',
  'refused',
  'opened',
] as const;

/** A sample; undefined for what is not counted. Times are ms since 1970. */
export type Sample = Record<(typeof sampleColumns)[number], number | undefined>;

/** Samples by column, all of the same length, the oldest first. */
export type Columns = Record<(typeof sampleColumns)[number], number[]>;

export function emptyColumns(): Columns {
  return {
    time: [],
    cpu: [],
    memory: [],
    pids: [],
    read: [],
    written: [],
    received: [],
    sent: [],
    executed: [],
    connections: [],
    used: [],
    denied: [],
    refused: [],
    opened: [],
  };
}

/** Samples in a piece of memory: the unit in which memory is taken and given back. */
const perBlock = 60;
export const blockBytes = perBlock * sampleColumns.length * Float64Array.BYTES_PER_ELEMENT;

interface Block {
  values: Float64Array;
  length: number;
}

/** The samples of one jail, the oldest first. */
export class Samples {
  readonly #blocks: Block[] = [];

  get blocks(): number {
    return this.#blocks.length;
  }

  /** ms since 1970 of the oldest sample; infinite when there is none. */
  get oldest(): number {
    return this.#blocks[0]?.values[0] ?? Number.POSITIVE_INFINITY;
  }

  add(sample: Sample): void {
    let block = this.#blocks.at(-1);
    if (block === undefined || block.length === perBlock) {
      block = { values: new Float64Array(perBlock * sampleColumns.length), length: 0 };
      this.#blocks.push(block);
    }
    const row = sampleColumns.map((column) => sample[column] ?? Number.NaN);
    block.values.set(row, block.length * sampleColumns.length);
    block.length += 1;
  }

  /** Gives the oldest block back. */
  dropOldest(): void {
    this.#blocks.shift();
  }

  /** Gives back the blocks whose samples are all older than that time. */
  dropBefore(time: number): void {
    while ((this.#newestOf(0) ?? Number.POSITIVE_INFINITY) < time) this.dropOldest();
  }

  /**
   * The samples later than a time, as columns; NaN for what was not counted.
   *
   * @param every ms: of each such period, the last sample. Periods begin at multiples of it
   */
  columns(since: number, every: number): Columns {
    const columns = emptyColumns();
    let period = Number.NaN;
    for (const { values, length } of this.#blocks)
      for (let row = 0; row < length; row += 1) {
        const at = row * sampleColumns.length;
        const time = values[at] ?? 0;
        if (time <= since) continue;
        const isSame = Math.floor(time / every) === period;
        period = Math.floor(time / every);
        for (const [index, column] of sampleColumns.entries()) {
          if (isSame) columns[column].pop();
          columns[column].push(values[at + index] ?? Number.NaN);
        }
      }
    return columns;
  }

  #newestOf(index: number): number | undefined {
    const block = this.#blocks[index];
    return block?.values[(block.length - 1) * sampleColumns.length];
  }
}
