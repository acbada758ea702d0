import type { Field, ValueLine } from './deb822-types.ts';

/** A word of a field's value and its position in the file. */
export interface Word {
  text: string;
  line: number;
  column: number;
}

/** Where a finding points: the field as a whole, or a word of it. */
export interface Place {
  line: number;
  column?: number;
}

/** Takes what is wrong with a value; `code` is stable and names the kind of fault. */
export type Report = (code: DeclarationFault, message: string, place?: Place) => void;

/** The kinds of faults of a declaration. Stable: lint tags bear the same names. */
export type DeclarationFault =
  | 'jail-field-unknown'
  | 'jail-field-misplaced'
  | 'jail-field-missing'
  | 'jail-field-invalid'
  | 'control-syntax'
  | 'command-not-absolute'
  | 'command-prefix'
  | 'capability-unknown'
  | 'capability-duplicate'
  | 'capability-ineffective'
  | 'path-relative'
  | 'path-escapes'
  | 'path-not-normalised'
  | 'mount-duplicate'
  | 'mount-overlap'
  | 'mount-writable-root'
  | 'mount-writable-system'
  | 'mount-over-kernel'
  | 'tmpfs-exceeds-memory'
  | 'port-duplicate'
  | 'listen-without-network'
  | 'connect-without-network'
  | 'connect-contradictory'
  | 'health-without-network'
  | 'health-timeout-exceeds-interval'
  | 'syscall-unknown'
  | 'environment-duplicate';

/** The words of a value, split at blanks and commas. */
export function listWords(field: Field): Word[] {
  return field.lines().flatMap((line) => wordsOf(line, /[^\s,]+/g));
}

/** The lines of a value that hold something, each split into words at blanks. */
export function lineWords(field: Field): Word[][] {
  return field
    .lines()
    .map((line) => wordsOf(line, /\S+/g))
    .filter((words) => words.length > 0);
}

function wordsOf({ text, line, column }: ValueLine, pattern: RegExp): Word[] {
  return Array.from(text.matchAll(pattern), (match) => ({
    text: match[0],
    line,
    column: column + match.index,
  }));
}

/** Whether the value is the one word `none`, or nothing at all. */
export function isNone(words: readonly { text: string }[]): boolean {
  return words.length === 0 || (words.length === 1 && words[0]?.text === 'none');
}
