/** So many failures in a row, and the jail counts as crash-looping: it goes on being tried, at longer and longer waits. */
export const crashLoopAfter = 5;
/** ms; Jail-Restart says so. */
const longest = 300_000;
/** A run of that many ms ends a row of failures. */
const settled = 60_000;

/** How long to wait before a service that keeps failing is started again. */
export class Backoff {
  #failures = 0;

  get failures(): number {
    return this.#failures;
  }

  get isCrashLoop(): boolean {
    return this.#failures >= crashLoopAfter;
  }

  /**
   * Counts a failure.
   *
   * @param first the wait after the first failure, ms; each further one doubles it
   * @param lasted how long the run had lasted, ms
   * @returns the wait, ms
   */
  failed(first: number, lasted: number): number {
    if (lasted >= Math.max(settled, first * 2)) this.#failures = 0;
    this.#failures++;
    return Math.min(first * 2 ** Math.min(this.#failures - 1, 30), longest);
  }

  reset(): void {
    this.#failures = 0;
  }
}
