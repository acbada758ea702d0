import { type Diagnostic, ProdngError } from '../error/prodng-error.ts';
import { ownValue } from '../system/own-value.ts';
import { findInconsistencies } from './consistency.ts';
import type { Field, Paragraph } from './deb822-types.ts';
import type { DeclarationFault, Report } from './field-value.ts';
import type { Inconsistency } from './inconsistency.ts';
import type { JailDeclaration } from './jail-declaration.ts';
import type { FieldTable, JailField, ValuesOf } from './jail-field.ts';
import { jailFields } from './jail-fields.ts';
import { readField } from './read-field.ts';
import { didYouMean } from './suggest.ts';

/** A finding in a declaration; `code` names its kind and is stable. */
export interface DeclarationDiagnostic extends Diagnostic {
  code: DeclarationFault;
}

/** How the fields are called: in a source's debian/control, or in a .deb's. */
export type JailPrefix = 'XB-Jail-' | 'Jail-';

export interface ParsedFields<Declaration> {
  /** Present when there is no diagnostic. */
  declaration?: Declaration;
  /** Every fault, in the order of the file. */
  diagnostics: DeclarationDiagnostic[];
}

export type ParsedDeclaration = ParsedFields<JailDeclaration>;

/**
 * Reads the Jail-* fields of a stanza, with every default filled in. All faults are found in one go; each says what
 * is wrong and what is allowed.
 *
 * @param file the name that diagnostics carry
 */
export function parseJailDeclaration(
  paragraph: Paragraph,
  file: string,
  prefix: JailPrefix,
): ParsedDeclaration {
  return parseFields(jailFields, findInconsistencies, paragraph, file, prefix);
}

/**
 * As parseJailDeclaration, for the fields of any table.
 *
 * @param contradictions finds what no field can find alone; `invalid` names the keys whose fields could not be read
 */
export function parseFields<const Table extends FieldTable>(
  table: Table,
  contradictions: (declaration: ValuesOf<Table>, invalid: ReadonlySet<string>) => readonly Inconsistency[],
  paragraph: Paragraph,
  file: string,
  prefix: JailPrefix,
): ParsedFields<ValuesOf<Table>> {
  const reader = new FieldReader(table, paragraph, file, prefix);
  reader.refuseUnknown();
  const declaration = reader.values();
  reader.report(contradictions(declaration, reader.invalid));
  if (reader.diagnostics.length === 0) return { declaration, diagnostics: [] };
  return {
    diagnostics: reader.diagnostics.sort((a, b) => a.line - b.line || (a.column ?? 0) - (b.column ?? 0)),
  };
}

/** Whether a stanza claims to be a jail: it has a field that starts like one, rightly or wrongly spelled. */
export function hasJailFields(paragraph: Paragraph): boolean {
  return paragraph.fields.some((field) => isJailLike(field.name));
}

/** With or without dpkg's `X[BCS]*-` prefix for user-defined fields (Debian Policy 5.7). */
function isJailLike(name: string): boolean {
  return jailLike.test(name.toLowerCase());
}

const jailLike = /^(?:x[bcs]*-)?jail-/;

class FieldReader<Table extends FieldTable> {
  readonly diagnostics: DeclarationDiagnostic[] = [];
  /** Keys whose fields could not be read. */
  readonly invalid = new Set<string>();
  readonly #table: Table;
  readonly #paragraph: Paragraph;
  readonly #file: string;
  readonly #prefix: JailPrefix;

  constructor(table: Table, paragraph: Paragraph, file: string, prefix: JailPrefix) {
    this.#table = table;
    this.#paragraph = paragraph;
    this.#file = file;
    this.#prefix = prefix;
  }

  refuseUnknown(): void {
    const known = Object.values(this.#table).map((field) => field.name);
    for (const field of this.#paragraph.fields) {
      if (!isJailLike(field.name)) continue;
      const name = field.name.slice(jailLike.exec(field.name.toLowerCase())?.[0].length);
      const canonical = known.find((candidate) => candidate.toLowerCase() === name.toLowerCase());
      const start = { name: field.name, line: field.line, column: 1 };
      const isPrefixed = field.name.toLowerCase().startsWith(this.#prefix.toLowerCase());
      if (canonical === undefined) {
        const meant = didYouMean(name, known).replace('"', `"${this.#prefix}`);
        const allowed = known.map((candidate) => this.#prefix + candidate).join(', ');
        this.#add('jail-field-unknown', start, `no such field${meant}; allowed: ${allowed}`);
      } else if (!isPrefixed) {
        const why = this.#prefix === 'Jail-' ? '' : ' (dpkg copies only those to the .deb)';
        this.#add('jail-field-misplaced', start, `wrong prefix; allowed: ${this.#prefix}${canonical}${why}`);
      }
    }
  }

  /** The values of all fields: the fallback where one is absent or invalid. */
  values(): ValuesOf<Table> {
    const values = Object.fromEntries(
      Object.entries(this.#table)
        .map(([key, info]) => [key, this.#read(key, info)] as const)
        .filter(([, value]) => value !== undefined),
    );
    if (isComplete(this.#table, values)) return values;
    throw new ProdngError('INTERNAL', 'a Jail-* field that must have a value has no default');
  }

  /** Reports contradictions at the words they name. */
  report(contradictions: readonly Inconsistency[]): void {
    for (const { code, field: name, at, message } of contradictions) {
      const field = this.#paragraph.field(this.#prefix + name);
      const line = at === undefined ? undefined : field?.lines().findLast(({ text }) => text.includes(at));
      const place =
        line === undefined || at === undefined
          ? {}
          : { line: line.line, column: line.column + line.text.indexOf(at) };
      this.#add(
        code,
        { name: this.#prefix + name, line: field?.line ?? this.#paragraph.line, ...place },
        message,
      );
    }
  }

  #read<T>(key: string, info: JailField<T>): T {
    const field = this.#paragraph.field(this.#prefix + info.name);
    if (field === undefined) {
      if (info.required) this.#addMissing(info);
      return info.fallback;
    }
    const report: Report = (code, message, place: { line: number; column?: number } = field) => {
      this.invalid.add(key);
      this.#add(code, { name: field.name, ...placeOf(place) }, message);
    };
    return readField(info, field, report) ?? info.fallback;
  }

  #addMissing(info: { name: string; syntax: string }): void {
    const place = { name: this.#prefix + info.name, line: this.#paragraph.line };
    this.#add('jail-field-missing', place, `the field is missing; allowed: ${info.syntax}`);
  }

  #add(
    code: DeclarationFault,
    place: Pick<Field, 'name' | 'line'> & { column?: number },
    message: string,
  ): void {
    const { name, line, column } = place;
    this.diagnostics.push({
      code,
      file: this.#file,
      line,
      ...(column === undefined ? {} : { column }),
      field: name,
      message,
    });
  }
}

/** Whether there is a value for every field but those whose value may be undefined. */
function isComplete<Table extends FieldTable>(
  table: Table,
  values: Readonly<Record<string, unknown>>,
): values is ValuesOf<Table> & Readonly<Record<string, unknown>> {
  return Object.entries(table).every(
    ([key, { fallback }]) => fallback === undefined || Object.hasOwn(values, key),
  );
}

function placeOf({ line, column }: { line: number; column?: number }): { line: number; column?: number } {
  return column === undefined ? { line } : { line, column };
}

/**
 * Writes a declaration as fields that parse to the same declaration again. Defaults are written out, so that what a
 * .deb declares does not change with the version of ProdNG that reads it.
 */
export function formatJailFields(
  declaration: JailDeclaration,
  prefix: JailPrefix = 'Jail-',
): { name: string; value: string }[] {
  return formatFields(jailFields, declaration, prefix);
}

/** As formatJailFields, for the values of any table. */
export function formatFields(
  table: FieldTable,
  declaration: Readonly<Record<string, unknown>>,
  prefix: JailPrefix,
): { name: string; value: string }[] {
  return Object.entries(table).flatMap(([key, info]) => {
    const text = info.format(ownValue(declaration, key));
    return text === '' ? [] : [{ name: prefix + info.name, value: onOwnLines(text) }];
  });
}

/** A value of several lines starts on the line after the name, each line alike. */
function onOwnLines(text: string): string {
  return text.includes('\n') ? `\n${text}` : text;
}
