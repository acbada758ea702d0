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

/** A figure of ours and one of the peer. */
export interface Pair {
  ours: number;
  theirs: number;
}

/** Medians of two ways to do the same, taken in turn so that a slow moment of the machine meets both. */
export async function medianTimes(
  runs: number,
  ours: () => Promise<void>,
  theirs: () => Promise<void>,
): Promise<Pair> {
  const after = async () => {};
  const { wall } = await medianPairs(runs, {
    ours: { work: ours, after, cpu: () => 0 },
    theirs: { work: theirs, after, cpu: () => 0 },
  });
  return wall;
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

export interface Timed {
  work: () => Promise<void>;
  /** What brings everything back to where it was; it does not count. */
  after: () => Promise<void>;
  /** CPU time that its kind of work has used so far, in ms. */
  cpu: () => number;
}

/** As medianTimes, of work that has to be undone each time, and with the CPU time: that of a busy machine says more. */
export async function medianPairs(
  runs: number,
  both: { ours: Timed; theirs: Timed },
): Promise<{ wall: Pair; cpu: Pair }> {
  const wall = { ours: [] as number[], theirs: [] as number[] };
  const cpu = { ours: [] as number[], theirs: [] as number[] };
  for (let run = -1; run < runs; run++) {
    for (const who of ['ours', 'theirs'] as const) {
      const { work, after, cpu: used } = both[who];
      const [began, before] = [performance.now(), used()];
      await work();
      const [took, spent] = [performance.now() - began, used() - before];
      if (run >= 0) {
        wall[who].push(took);
        cpu[who].push(spent);
      }
      await after();
    }
  }
  return {
    wall: { ours: median(wall.ours), theirs: median(wall.theirs) },
    cpu: { ours: median(cpu.ours), theirs: median(cpu.theirs) },
  };
}
