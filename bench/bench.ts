/** One figure of ours beside the peer's, taken in the same run. Medians. */
export interface BenchRow {
  what: string;
  ours: number;
  peer: string;
  theirs: number;
  unit: 'ms' | 'MB' | 'bytes';
}

export interface Bench {
  name: string;
  /** What the figures were taken on, and anything a reader must know to judge them. */
  note?: string;
  run(): Promise<BenchRow[]>;
}

/** The median of the wall-clock times of `runs` calls, in ms, after one call that does not count. */
export async function medianTime(runs: number, work: () => Promise<void>): Promise<number> {
  await work();
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  return median(times);
}

/** Medians of two ways to do the same, taken in turn so that a slow moment of the machine meets both. */
export async function medianTimes(
  runs: number,
  ours: () => Promise<void>,
  theirs: () => Promise<void>,
): Promise<{ ours: number; theirs: number }> {
  const times = { ours: [] as number[], theirs: [] as number[] };
  for (let run = -1; run < runs; run++) {
    for (const [who, work] of [['ours', ours] as const, ['theirs', theirs] as const]) {
      const start = performance.now();
      await work();
      if (run >= 0) times[who].push(performance.now() - start);
    }
  }
  return { ours: median(times.ours), theirs: median(times.theirs) };
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

interface Timed {
  work: () => Promise<void>;
  /** What brings everything back to where it was; it does not count. */
  after: () => Promise<void>;
}

/** As medianTimes, of work that has to be undone each time. */
export async function medianTimed(
  runs: number,
  { ours, theirs }: { ours: Timed; theirs: Timed },
): Promise<{ ours: number; theirs: number }> {
  const times = { ours: [] as number[], theirs: [] as number[] };
  for (let run = -1; run < runs; run++) {
    for (const [who, { work, after }] of [['ours', ours] as const, ['theirs', theirs] as const]) {
      const start = performance.now();
      await work();
      if (run >= 0) times[who].push(performance.now() - start);
      await after();
    }
  }
  return { ours: median(times.ours), theirs: median(times.theirs) };
}
