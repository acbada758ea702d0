import { ownValue } from '../system/own-value.ts';

const sizeUnits: Record<string, number> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };
const timeUnits: Record<string, number> = { ms: 1, s: 1000, min: 60_000, h: 3_600_000 };

/** Syntax of a size, for messages. */
export const sizeSyntax = 'a number of bytes, or one with K, M, G or T (powers of 1024), such as 64M';
/** Syntax of a duration, for messages. */
export const durationSyntax = 'a number with ms, s, min or h, such as 10s';

/** `64M` in bytes; undefined when it is not a size. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d{1,15})([KMGT]?)$/.exec(text);
  return scale(match?.[1], ownValue(sizeUnits, match?.[2] ?? ''));
}

/** `10s` in ms; undefined when it is not a duration. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,15})(ms|s|min|h)$/.exec(text);
  return scale(match?.[1], ownValue(timeUnits, match?.[2] ?? 's'));
}

function scale(digits: string | undefined, unit: number | undefined): number | undefined {
  if (digits === undefined || unit === undefined) return undefined;
  const value = Number(digits) * unit;
  return Number.isSafeInteger(value) ? value : undefined;
}

/** Bytes with the largest unit that loses nothing: `64M`. */
export function formatSize(bytes: number): string {
  return formatWith(bytes, sizeUnits, '');
}

/** ms with the largest unit that loses nothing: `10s`. */
export function formatDuration(ms: number): string {
  return formatWith(ms, timeUnits, 'ms');
}

function formatWith(value: number, units: Record<string, number>, smallest: string): string {
  let best = smallest;
  for (const [unit, size] of Object.entries(units)) {
    if (value !== 0 && value % size === 0 && size > (ownValue(units, best) ?? 1)) best = unit;
  }
  return `${value / (ownValue(units, best) ?? 1)}${best}`;
}
