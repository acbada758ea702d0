import { formatDuration, formatSize } from './quantity.ts';

/** How a quantity is written. Sizes are bytes, times are ms. */
export type Unit = keyof typeof formats;

const formats = {
  size: formatSize,
  time: formatDuration,
  count: String,
  percent: (value: number) => `${value}%`,
} as const satisfies Record<string, (value: number) => string>;

/** The floor and ceiling of one quantity of a field. */
export interface Bound<T> {
  /** What it is called in messages and in the reference: `interval`. */
  what: string;
  unit: Unit;
  least: number;
  most: number;
  /** Each such quantity of a value. */
  of(value: T): readonly number[];
}

/** A quantity outside of its bound. */
export interface BoundFault {
  /** The quantity as it is written, to find its place in the field. */
  text: string;
  message: string;
}

/** Every quantity of a value that is below the floor or above the ceiling. */
export function boundFaults<T>(bounds: readonly Bound<T>[], value: T): BoundFault[] {
  return bounds.flatMap((bound) =>
    bound
      .of(value)
      // Infinity is no quantity that can be written; NaN is refused like any other that is out of bounds
      .filter((quantity) => !(quantity >= bound.least && quantity <= bound.most))
      .map((quantity) => {
        const text = formats[bound.unit](quantity);
        const relation = quantity < bound.least ? 'too low' : 'too high';
        return { text, message: `${bound.what} ${text} is ${relation}; allowed: ${describeBound(bound)}` };
      }),
  );
}

/** `1s to 24h`, `at most 64`. */
export function describeBound({ unit, least, most }: Omit<Bound<never>, 'of' | 'what'>): string {
  return least === 0 ? `at most ${formats[unit](most)}` : `${formats[unit](least)} to ${formats[unit](most)}`;
}

/** The bound of the number of items in a list. */
export function countBound<T>(what: string, most: number): Bound<readonly T[]> {
  return { what, unit: 'count', least: 0, most, of: ({ length }) => [length] };
}

/**
 * The longest text that execve(2) takes as one argument or variable: MAX_ARG_STRLEN is 32 pages, with the NUL byte at
 * the end.
 */
export const longestArgument = 32 * 4096 - 1;
