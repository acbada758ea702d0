import { ProdngError } from '../error/prodng-error.ts';
import { versionFault } from './version.ts';

/** The newest entry of debian/changelog. */
export interface ChangelogEntry {
  source: string;
  version: string;
  /** `unstable`; several are separated by spaces. */
  distribution: string;
  /** The time of the entry in seconds since 1970: SOURCE_DATE_EPOCH. */
  timestamp: number;
  /** The line of the entry's head, from 1. */
  line: number;
}

const head = /^(\w[\w0-9.+-]*) \(([^()\s]+)\)((?:\s+[\w0-9.+-]+)+);/;
const trailer = /^ -- (.*) <(.*)> {1,2}(\S.*)$/;

/**
 * Reads the first entry of a debian/changelog (deb-changelog(5)).
 *
 * @param file the name that errors carry
 * @throws ProdngError CONTROL_SYNTAX naming the line that is wrong
 */
export function parseChangelog(text: string, file: string): ChangelogEntry {
  const lines = text.split('\n').map((line) => line.trimEnd());
  const headIndex = lines.findIndex((line) => line !== '');
  const match = head.exec(lines[headIndex] ?? '');
  const [, source, version, distribution] = match ?? [];
  if (source === undefined || version === undefined || distribution === undefined)
    throw fault(file, Math.max(headIndex, 0), 'the head is not "source (version) distribution; urgency=..."');
  const wrongVersion = versionFault(version);
  if (wrongVersion !== undefined) throw fault(file, headIndex, `version ${version}: ${wrongVersion}`);
  const trailerIndex = lines.findIndex((line, index) => index > headIndex && line.startsWith(' --'));
  const date = trailer.exec(lines[trailerIndex] ?? '')?.[3];
  const timestamp = date === undefined ? undefined : parseMailDate(date);
  if (timestamp === undefined)
    throw fault(
      file,
      trailerIndex < 0 ? headIndex : trailerIndex,
      'the entry does not end with " -- Name <mail>  Mon, 02 Jan 2006 15:04:05 +0000"',
    );
  return { source, version, distribution: distribution.trim(), timestamp, line: headIndex + 1 };
}

function fault(file: string, index: number, message: string): ProdngError {
  return new ProdngError('CONTROL_SYNTAX', `${file}:${index + 1}: ${message}`, {
    diagnostics: [{ file, line: index + 1, message }],
    hint: 'see deb-changelog(5); dch(1) writes such entries',
  });
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const mailDate =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),\s+(\d{1,2})\s+([A-Z][a-z]{2})\s+(\d{4})\s+(\d\d):(\d\d):(\d\d)\s+([+-])(\d\d)(\d\d)(?:\s+\([^\\()]*\))?$/;

/** An RFC 5322 date as Debian changelogs have it, in seconds since 1970. */
function parseMailDate(text: string): number | undefined {
  const match = mailDate.exec(text);
  if (match === null) return undefined;
  const [day, month, year, hour, minute, second] = [
    Number(match[1]),
    months.indexOf(match[2] ?? ''),
    Number(match[3]),
    Number(match[4]),
    Number(match[5]),
    Number(match[6]),
  ] as const;
  if (month < 0 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) return undefined;
  const offset = (Number(match[8]) * 60 + Number(match[9])) * 60;
  return Date.UTC(year, month, day, hour, minute, second) / 1000 - (match[7] === '-' ? -offset : offset);
}
