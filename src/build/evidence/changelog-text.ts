import { ProdngError } from '../../error/prodng-error.ts';

/** What .changes takes from the newest entry of a debian/changelog. */
export interface ChangelogText {
  /** `low`, `medium`; with the text after it. */
  urgency: string;
  /** `Name <mail@example.org>`. */
  changedBy: string;
  /** The numbers of closed bugs, ascending. */
  closes: number[];
  /** The entry from its head to the last line before the trailer. */
  changes: string;
}

/** As dpkg finds them, deb-changelog(5). */
const closing = /closes:\s*(?:bug)?#?\s?\d+(?:,\s*(?:bug)?#?\s?\d+)*/gi;

/**
 * Reads the newest entry of a changelog that parseChangelog accepts.
 *
 * @throws ProdngError CONTROL_SYNTAX when it has no entry
 */
export function readChangelogText(text: string, file: string): ChangelogText {
  const lines = text.split('\n').map((line) => line.trimEnd());
  const start = lines.findIndex((line) => line !== '');
  const end = lines.findIndex((line, index) => index > start && line.startsWith(' -- '));
  const head = lines[start];
  const changedBy = /^ -- (.*>) {1,2}\S/.exec(lines[end] ?? '')?.[1];
  if (head === undefined || changedBy === undefined)
    throw new ProdngError('CONTROL_SYNTAX', `${file}: its newest entry is not whole`);
  const body = lines.slice(start + 1, end);
  while (body[0] === '') body.shift();
  while (body.at(-1) === '') body.pop();
  const numbers = (body.join('\n').match(closing) ?? []).flatMap((match) => match.match(/\d+/g) ?? []);
  return {
    urgency: /;.*?\burgency=([^,]+)/i.exec(head)?.[1]?.trim().toLowerCase() ?? 'medium',
    changedBy,
    closes: [...new Set(numbers.map(Number))].sort((a, b) => a - b),
    changes: [head, '', ...body].join('\n'),
  };
}
