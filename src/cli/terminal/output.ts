import { InvalidArgumentError } from 'commander';
import { terminalWidth } from './print.ts';

export interface Column<T> {
  title: string;
  text: (row: T) => string;
  /** Shortened, down to 16, when a line would not fit the terminal. */
  shrinks?: true;
}

/**
 * Writes rows for people: columns as wide as they must be; where a line would not fit the terminal, first the columns
 * that may are shortened, then the last ones are cut.
 *
 * @param width columns of the terminal; a pipe gets all, and so does a terminal whose size nobody has set
 */
export function tableText<T>(
  rows: readonly T[],
  columns: readonly Column<T>[],
  width: number | undefined = terminalWidth(),
): string {
  const cells = [
    columns.map(({ title }) => title),
    ...rows.map((row) => columns.map(({ text }) => printable(text(row)))),
  ];
  const widths = columns.map((_, index) => Math.max(...cells.map((line) => line[index]?.length ?? 0)));
  let excess = widths.reduce((sum, one) => sum + one + 2, -2) - (width ?? Number.POSITIVE_INFINITY);
  for (const [index, { shrinks }] of columns.entries()) {
    const wide = widths[index] ?? 0;
    if (shrinks !== true || excess <= 0 || wide <= narrowest) continue;
    const less = Math.max(narrowest, wide - excess);
    excess -= wide - less;
    widths[index] = less;
  }
  return cells
    .map((line) => {
      const whole = line
        .map((cell, index) => shortened(cell, widths[index] ?? 0).padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd();
      return `${width === undefined ? whole : whole.slice(0, width)}\n`;
    })
    .join('');
}

const narrowest = 16;

/** Without its middle: names of instances differ at their ends. */
function shortened(text: string, width: number): string {
  if (text.length <= width) return text;
  const tail = Math.floor((width - 1) / 3);
  return `${text.slice(0, width - 1 - tail)}\u2026${text.slice(text.length - tail)}`;
}

/** What a jail says must not move the cursor of whoever looks at it, nor turn the direction of writing. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_Control}]/gu, (character) => {
    if (character === '\t') return character;
    const code = character.charCodeAt(0);
    return code > 0xff
      ? `\\u${code.toString(16).padStart(4, '0')}`
      : `\\x${code.toString(16).padStart(2, '0')}`;
  });
}

/** Makes a text stand out, where that can be shown and nobody has asked for no colours, no-color.org. */
export function bold(text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return stream.isTTY && (process.env.NO_COLOR ?? '') === '' ? `\u001b[1m${text}\u001b[22m` : text;
}

/** A time in one or two units: `3m 2s`, `2d 4h`. */
export function duration(seconds: number): string {
  const [minutes, hours, days] = [
    Math.floor(seconds / 60),
    Math.floor(seconds / 3600),
    Math.floor(seconds / 86_400),
  ];
  if (days > 0) return `${days}d ${hours % 24}h`;
  if (hours > 0) return `${hours}h ${minutes % 60}m`;
  return minutes > 0 ? `${minutes}m ${seconds % 60}s` : `${seconds}s`;
}

/** For options that count something. */
export function countOption(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('a number');
}
