import type { Diagnostic } from '../error/prodng-error.ts';
import { Field, Paragraph } from './deb822-types.ts';

/** What a deb822 file may cost before it is refused. */
export interface Deb822Limits {
  /** Bytes of a whole file read at once. */
  maxFileSize: number;
  /** UTF-16 code units of one stanza. */
  maxParagraphSize: number;
}

/** The Debian archive's largest stanzas are below 1 MB, its Packages files near 60 MB. */
export const deb822Limits: Deb822Limits = { maxFileSize: 64 << 20, maxParagraphSize: 8 << 20 };

/** More findings than this in one file are noise. */
const maxDiagnostics = 50;

const hash = 0x23;
const space = 0x20;
const tab = 0x09;
const carriageReturn = 0x0d;

/**
 * Reads deb822 line by line (deb822(5), Debian Policy 5.1) and hands out each stanza when it ends. A fault is a
 * diagnostic and reading goes on after it, so that one run reports every fault of a file.
 */
export class Deb822Scanner {
  readonly diagnostics: Diagnostic[] = [];
  readonly #file: string;
  readonly #limits: Deb822Limits;
  #fields: Field[] = [];
  #names = new Set<string>();
  #size = 0;
  #line = 0;
  // the field being read
  #name = '';
  #value = '';
  #fieldLine = 0;
  #fieldColumn = 1;
  #valueLines: number[] | undefined;
  #valueCount = 0;
  #open = false;

  constructor(file: string, limits: Deb822Limits) {
    this.#file = file;
    this.#limits = limits;
  }

  /**
   * Takes one line, without its newline.
   *
   * @returns the stanza that this line ends, if it ends one
   */
  line(text: string): Paragraph | undefined {
    this.#line += 1;
    this.#size += text.length;
    const first = text.charCodeAt(0);
    if (first === hash) {
      if (this.#open && this.#valueLines === undefined) this.#valueLines = this.#consecutiveLines();
      return undefined;
    }
    if (text.charCodeAt(text.length - 1) === carriageReturn) return this.#carriageReturn(text);
    if (first === space || first === tab) {
      const trimmed = text.trimEnd();
      // dpkg takes a line of blanks for the end of a stanza
      if (trimmed === '') return this.end();
      this.#continuation(trimmed);
      return undefined;
    }
    if (text === '') return this.end();
    this.#startField(text);
    return undefined;
  }

  /** Ends the file, or the stanza at an empty line. */
  end(): Paragraph | undefined {
    this.#closeField();
    if (this.#fields.length === 0) return undefined;
    const paragraph = new Paragraph(this.#fields);
    this.#fields = [];
    this.#names = new Set();
    this.#size = 0;
    return paragraph;
  }

  report(message: string, line: number, column?: number, field?: string): void {
    if (this.diagnostics.length >= maxDiagnostics) return;
    this.diagnostics.push({
      file: this.#file,
      line,
      ...(column === undefined ? {} : { column }),
      ...(field === undefined ? {} : { field }),
      message,
    });
  }

  /** Whether the present stanza has outgrown its limit; the reader then stops. */
  get tooLarge(): boolean {
    if (this.#size <= this.#limits.maxParagraphSize) return false;
    this.report(`a stanza larger than ${this.#limits.maxParagraphSize} bytes`, this.#line);
    return true;
  }

  #consecutiveLines(): number[] {
    return Array.from({ length: this.#valueCount }, (_, index) => this.#fieldLine + index);
  }

  #carriageReturn(text: string): Paragraph | undefined {
    if (!this.diagnostics.some((diagnostic) => diagnostic.message.startsWith('the line ends with CR')))
      this.report('the line ends with CR LF; deb822 lines end with LF alone', this.#line, text.length);
    this.#line -= 1;
    return this.line(text.replace(/\r+$/, ''));
  }

  #continuation(text: string): void {
    if (!this.#open) {
      this.report('a continuation line without a field before it', this.#line, 1);
      return;
    }
    this.#value += `\n${text.slice(1)}`;
    this.#valueCount += 1;
    this.#valueLines?.push(this.#line);
    this.#checkCharacters(text);
  }

  #startField(text: string): void {
    this.#closeField();
    const colon = text.indexOf(':');
    const name = colon < 0 ? text : text.slice(0, colon);
    if (colon < 0 || !isFieldName(name)) {
      const what = colon < 0 ? 'neither "Name: value" nor a continuation line' : 'not a field name';
      this.report(`${what}: ${JSON.stringify(name.slice(0, 60))}`, this.#line, 1);
      return;
    }
    const lowered = name.toLowerCase();
    if (this.#names.has(lowered)) this.#reportDuplicate(name);
    this.#names.add(lowered);
    const value = text.slice(colon + 1).trim();
    this.#name = name;
    this.#value = value;
    this.#fieldLine = this.#line;
    this.#fieldColumn = value === '' ? colon + 2 : text.indexOf(value, colon + 1) + 1;
    this.#valueCount = 1;
    this.#open = true;
    this.#checkCharacters(text);
  }

  #reportDuplicate(name: string): void {
    const lowered = name.toLowerCase();
    const earlier = this.#fields.find((field) => field.name.toLowerCase() === lowered);
    this.report(
      `the field is there twice; the first is on line ${earlier?.line ?? '?'}; a stanza has each field once`,
      this.#line,
      1,
      name,
    );
  }

  #checkCharacters(text: string): void {
    const nul = text.indexOf('\0');
    if (nul >= 0) this.report('a NUL character', this.#line, nul + 1, this.#name);
    const broken = text.indexOf('\ufffd');
    if (broken >= 0) this.report('not valid UTF-8', this.#line, broken + 1, this.#name);
  }

  #closeField(): void {
    if (!this.#open) return;
    this.#fields.push(
      new Field(this.#name, this.#value, this.#fieldLine, this.#fieldColumn, this.#valueLines),
    );
    this.#open = false;
    this.#valueLines = undefined;
  }
}

/** Printable ASCII but the space and the colon; does not start with `-` (`#` is a comment). */
export function isFieldName(name: string): boolean {
  return /^[!-,.-9;-~][!-9;-~]*$/.test(name) && !name.startsWith('#');
}
