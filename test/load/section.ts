/** One part of `npm run load`. */
export interface LoadSection {
  name: string;
  title: string;
  run(): Promise<LoadResult>;
}

export interface LoadResult {
  /** Markdown. */
  text: string[];
  /** What was not as it must be. */
  faults: string[];
}

/** A table of two columns. */
export function figures(rows: Readonly<Record<string, string | number>>): string[] {
  return [
    '| figure | value |',
    '|---|---:|',
    ...Object.entries(rows).map(([name, value]) => `| ${name} | ${value} |`),
  ];
}
