import { ProdngError } from '../error/prodng-error.ts';
import { ownValue } from '../system/own-value.ts';

/** OpenPGP keeps a key's lifetime in 32 bits. */
const longest = 2 ** 32 - 1;
const units: Readonly<Record<string, number>> = { d: 1, w: 7, m: 30, y: 365 };
const secondsADay = 86_400;

/**
 * The lifetime of a key made at `from`, in seconds: from `90d`, `4w`, `12m`, `2y` (of 30 and 365 days, as gpg counts)
 * or a date, `2030-01-31` (at its beginning, UTC).
 *
 * @throws ProdngError USAGE for anything else, and for a time that is past
 */
export function parseExpiry(text: string, from: Date): number {
  const [, count, unit] = /^(\d{1,5})([dwmy])$/.exec(text) ?? [];
  const seconds =
    count === undefined || unit === undefined
      ? dateOf(text) - from.getTime() / 1000
      : Number(count) * (ownValue(units, unit) ?? 0) * secondsADay;
  if (Number.isFinite(seconds) && seconds > 0 && seconds <= longest) return Math.floor(seconds);
  throw new ProdngError('USAGE', `--expires ${text}: not a time ahead such as 90d, 12m, 2y or 2030-01-31`);
}

function dateOf(text: string): number {
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) / 1000 : Number.NaN;
  // Date.parse takes February 30th for March 2nd in some engines
  return Number.isFinite(time) && new Date(time * 1000).toISOString().startsWith(text) ? time : Number.NaN;
}
