import type { Paragraph } from '../control/deb822-types.ts';
import type { JailPrefix } from '../control/jail-schema.ts';
import type { Found } from './finding.ts';

/** A place in a text file, and what it says there. */
export interface Located {
  file: string;
  line?: number;
  column?: number;
  length?: number;
  field?: string;
  text?: string;
}

/** Finds the places in a control file that findings point at. */
export class ControlLocator {
  readonly file: string;
  readonly #lines: readonly string[];
  readonly #stanza: Paragraph | undefined;
  readonly #prefix: JailPrefix;

  constructor(file: string, text: string, stanza: Paragraph | undefined, prefix: JailPrefix) {
    this.file = file;
    this.#lines = text.split('\n');
    this.#stanza = stanza;
    this.#prefix = prefix;
  }

  /** Where a finding points: at its own file, or at the field that it names; else at the start of the stanza. */
  locate(found: Found): Located {
    if (found.file !== undefined) {
      const { file, line, column, text } = found;
      return {
        file,
        ...(line === undefined ? {} : { line }),
        ...(column === undefined ? {} : { column }),
        ...(text === undefined ? {} : { text }),
      };
    }
    const field =
      found.field === undefined
        ? undefined
        : (this.#stanza?.field(this.#prefix + found.field) ?? this.#stanza?.field(found.field));
    if (field === undefined) return this.at(this.#stanza?.line ?? 1, undefined, undefined, found.field);
    const { at } = found;
    const line = at === undefined ? undefined : field.lines().findLast(({ text }) => text.includes(at));
    if (line === undefined || at === undefined) return this.at(field.line, 1, field.name.length, field.name);
    return this.at(line.line, line.column + line.text.indexOf(at), at.length, field.name);
  }

  /** A place by its numbers, with the text of the line. */
  at(line: number, column?: number, length?: number, field?: string): Located {
    const text = this.#lines[line - 1];
    const word = column === undefined ? undefined : /^[^\s,]+/.exec(text?.slice(column - 1) ?? '')?.[0];
    const span = length ?? word?.length;
    return {
      file: this.file,
      line,
      ...(column === undefined ? {} : { column }),
      ...(span === undefined ? {} : { length: span }),
      ...(field === undefined ? {} : { field }),
      ...(text === undefined ? {} : { text }),
    };
  }
}
