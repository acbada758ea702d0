/** One physical line of a field's value and its position in the file. Lines and columns count from 1. */
export interface ValueLine {
  text: string;
  line: number;
  column: number;
}

/** One field of a stanza. */
export class Field {
  readonly name: string;
  /** Continuation lines are kept, each without its one leading space; `.` lines stay as they are in the file. */
  readonly value: string;
  /** The line of the field's name, from 1. */
  readonly line: number;
  /** The column of the first line's value, from 1. */
  readonly column: number;
  /** The file's line of each line of the value, kept only if comments separate them. */
  readonly #lines: readonly number[] | undefined;

  constructor(name: string, value: string, line = 0, column = 1, lines?: readonly number[]) {
    this.name = name;
    this.value = value;
    this.line = line;
    this.column = column;
    this.#lines = lines;
  }

  /** The value line by line, with the place of each line in the file. */
  lines(): ValueLine[] {
    return this.value.split('\n').map((text, index) => ({
      text,
      line: this.#lines?.[index] ?? this.line + index,
      column: index === 0 ? this.column : 2,
    }));
  }
}

/** A stanza: fields in the order of the file, found by name without regard to case. */
export class Paragraph {
  readonly fields: readonly Field[];
  /** The line of the first field, from 1. */
  readonly line: number;
  #byName: Map<string, Field> | undefined;

  constructor(fields: readonly Field[], line = fields[0]?.line ?? 0) {
    this.fields = fields;
    this.line = line;
  }

  /** The field of that name; the first one where a broken file repeats it. */
  field(name: string): Field | undefined {
    this.#byName ??= indexByName(this.fields);
    return this.#byName.get(name.toLowerCase());
  }

  /** The value of the field of that name. */
  get(name: string): string | undefined {
    return this.field(name)?.value;
  }
}

function indexByName(fields: readonly Field[]): Map<string, Field> {
  const byName = new Map<string, Field>();
  for (const field of fields) {
    const key = field.name.toLowerCase();
    if (!byName.has(key)) byName.set(key, field);
  }
  return byName;
}
