import { InvalidArgumentError } from 'commander';
import { parseDuration } from '../../control/quantity.ts';

/** For the help of options that take a time. */
export const timeHelp =
  'TIME is a date with or without a time of day, such as 2026-01-31 or "2026-01-31 09:30", in local time unless it has an offset\n' +
  'or Z; or how long ago, such as 10min or 2h.';

/** For options that take a time: ISO 8601, or a duration before now. @returns RFC 3339, in UTC */
export function timeOption(text: string): string {
  const ago = parseDuration(text);
  if (ago !== undefined) return iso(Date.now() - ago);
  const match = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:\d\d)?)?$/.exec(
    text,
  );
  if (match === null) throw invalid();
  const [, day = '', time = '00:00', offset = ''] = match;
  return iso(Date.parse(`${day}T${time}${offset}`));
}

function iso(at: number): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime()) || date.getUTCFullYear() < 0) throw invalid();
  return date.toISOString();
}

function invalid(): InvalidArgumentError {
  return new InvalidArgumentError('a time such as 2026-01-31, "2026-01-31 09:30" or 10min');
}
