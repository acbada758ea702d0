/** So many failures in a row, and the jail counts as crash-looping: it goes on being tried, at longer and longer waits. */
export const crashLoopAfter = 5;
/** ms; Jail-Restart says so. */
const longest = 300_000;
/** A run of that many ms ends a row of failures. */
const settled = 60_000;
/** ms; the wait after the first failure of a start, which Jail-Restart says nothing of. */
const usual = 1000;

/** How long to wait before a service that keeps failing is started again. */
export class Backoff {
  #failures: number;
  #wait: number;

  /** @param failures in a row, as an earlier agent has counted them */
  constructor(failures = 0) {
    this.#failures = failures;
    this.#wait = waitAfter(failures, usual);
  }

  get failures(): number {
    return this.#failures;
  }

  get isCrashLoop(): boolean {
    return this.#failures >= crashLoopAfter;
  }

  /** ms until the next start. */
  get wait(): number {
    return this.#wait;
  }

  /**
   * Counts a failure.
   *
   * @param first the wait after the first failure, ms; each further one doubles it
   * @param lasted how long the run had lasted, ms
   * @returns the wait, ms
   */
  failed(first = usual, lasted = 0): number {
    if (lasted >= Math.max(settled, first * 2)) this.#failures = 0;
    this.#failures++;
    this.#wait = waitAfter(this.#failures, first);
    return this.#wait;
  }

  reset(): void {
    this.#failures = 0;
    this.#wait = usual;
  }
}

function waitAfter(failures: number, first: number): number {
  return Math.min(first * 2 ** Math.min(Math.max(0, failures - 1), 30), longest);
}
