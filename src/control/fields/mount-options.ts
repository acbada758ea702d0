import type { Report, Word } from '../field-value.ts';
import { parseSize, sizeSyntax } from '../quantity.ts';

/** Reads `size=64M` among the words after a mount's path: null when it is not there, undefined when it is wrong. */
export function readSizeOption(words: readonly Word[], report: Report): number | null | undefined {
  let size: number | null = null;
  for (const word of words) {
    const text = /^size=(.+)$/.exec(word.text)?.[1];
    const bytes = text === undefined ? undefined : parseSize(text);
    if (text === undefined || size !== null) {
      const what = text === undefined ? `"${word.text}" is not an option` : 'the size is given twice';
      report('jail-field-invalid', `${what}; allowed: one size=SIZE`, word);
      return undefined;
    }
    if (bytes === undefined) {
      report('jail-field-invalid', `"${word.text}" is not a size; allowed: ${sizeSyntax}`, word);
      return undefined;
    }
    size = bytes;
  }
  return size;
}
