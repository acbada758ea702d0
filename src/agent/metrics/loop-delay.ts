import type { Sample } from './prometheus.ts';

/** s; upper ends of the classes. */
const bounds = [0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/** ms between two looks: each wakes the processor up. */
const interval = 100;

/**
 * How late the event loop comes to its timers, as a histogram: whatever blocks it shows here, and nowhere else. Counted
 * since the agent began.
 */
class LoopDelay {
  readonly #classes = bounds.map(() => 0);
  #count = 0;
  #seconds = 0;
  #expected = 0;

  /** Begins to look. */
  begin(): void {
    this.#expected = performance.now() + interval;
    setInterval(() => this.#look(), interval).unref();
  }

  samples(): Sample[] {
    return [
      ...bounds.map((bound, index) => ({
        suffix: '_bucket' as const,
        labels: { le: String(bound) },
        value: this.#classes[index] ?? 0,
      })),
      { suffix: '_bucket', labels: { le: '+Inf' }, value: this.#count },
      { suffix: '_sum', labels: {}, value: this.#seconds },
      { suffix: '_count', labels: {}, value: this.#count },
    ];
  }

  #look(): void {
    const now = performance.now();
    const late = Math.max(0, now - this.#expected) / 1000;
    this.#expected = now + interval;
    this.#count++;
    this.#seconds += late;
    for (const [index, bound] of bounds.entries())
      if (late <= bound) this.#classes[index] = (this.#classes[index] ?? 0) + 1;
  }
}

export const loopDelay = new LoopDelay();
