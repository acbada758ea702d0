import { type FieldName, jailFieldList } from '../../control/jail-fields.ts';

/** A jail's declarations while they are put together: values by field, and what is to be said about them. */
export class Proposal {
  readonly #values = new Map<string, string[]>();
  readonly #notes = new Map<string, string[]>();

  /** Sets a field; several lines make a list of mounts or variables. None leaves the field out. */
  set(field: FieldName, ...lines: readonly string[]): void {
    if (lines.length > 0) this.#values.set(field, [...lines]);
  }

  /** Adds a comment before a field, or before all fields. */
  note(field: FieldName | 'rest', text: string): void {
    const plain = text.replace(/[\p{Cc}\u2028\u2029]/gu, '?');
    const notes = this.#notes.get(field) ?? [];
    if (!notes.includes(plain)) this.#notes.set(field, [...notes, plain]);
  }

  /** All fields, in the order of the documentation, as the lines of a binary stanza in debian/control, without a newline at the end. */
  text(): string {
    const lines: string[] = (this.#notes.get('rest') ?? []).flatMap(comment);
    for (const { name: field } of jailFieldList) {
      lines.push(...(this.#notes.get(field) ?? []).flatMap(comment));
      const values = this.#values.get(field) ?? [];
      const [first, ...rest] = values;
      if (first === undefined) continue;
      lines.push(`XB-Jail-${field}: ${first}`, ...rest.map((line) => ` ${line}`));
    }
    return lines.join('\n');
  }
}

const width = 110;

/** A comment of debian/control, broken at blanks. */
function comment(text: string): string[] {
  const lines: string[] = [];
  let line = '#';
  for (const word of text.split(' ')) {
    if (line.length + 1 + word.length > width && line.length > 3) {
      lines.push(line);
      line = '#  ';
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}
