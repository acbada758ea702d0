/**
 * How long-running work reports its progress. Library code only reports; whether that becomes a bar on a terminal,
 * plain lines in a log or nothing at all is the caller's choice.
 */
export interface Progress {
  /** A new step begins: `fetch`, `build root`, ... */
  step(name: string): void;
  /** How much of the present step is done, in the unit of `total` (bytes unless `unit` says otherwise). */
  advance(done: number, total: number, unit?: 'bytes' | 'files'): void;
  /** One line worth telling, not tied to the amount of work. */
  note(text: string): void;
}

/** Reports nothing. */
export const silent: Progress = { step() {}, advance() {}, note() {} };
