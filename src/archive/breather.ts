import { setImmediate as nextTurn } from 'node:timers/promises';

/** ms of work in a row. */
const longest = 10;

/** Lets a long piece of synchronous work give way to everything else that waits in the event loop. */
export class Breather {
  #since = performance.now();

  /** Whether it is time to pause. */
  get isDue(): boolean {
    return performance.now() - this.#since > longest;
  }

  async pause(): Promise<void> {
    await nextTurn();
    this.#since = performance.now();
  }
}
