/** A row: values as text, as osquery's interface has them. */
export type Row = Readonly<Record<string, string>>;

/** A column. `index` columns are for constraints that the table itself pushes down; `hidden` ones are not in `SELECT *`. */
export interface Column {
  name: string;
  type: 'TEXT' | 'INTEGER' | 'BIGINT';
  option?: 'index' | 'hidden';
}

/** What a query asks of one column. */
export interface Constraint {
  column: string;
  /** osquery/core/tables.h, ConstraintOperator */
  operator: 'equals' | 'greater' | 'greater-or-equal' | 'less' | 'less-or-equal' | 'like';
  value: string;
}

/** A table that osquery can ask. */
export interface Table {
  name: string;
  columns: readonly Column[];
  rows(constraints: readonly Constraint[]): Promise<Row[]>;
}

const operators: Readonly<Record<number, Constraint['operator']>> = {
  2: 'equals',
  4: 'greater',
  8: 'less-or-equal',
  16: 'less',
  32: 'greater-or-equal',
  65: 'like',
};

/** ColumnOptions: 0 default, 1 index, 16 hidden. */
export function columnRow({ name, type, option }: Column): Row {
  return { id: 'column', name, type, op: option === 'index' ? '1' : option === 'hidden' ? '16' : '0' };
}

/** Reads the constraints of a query's context, which is JSON. What cannot be read constrains nothing: osquery filters itself. */
export function constraintsOf(context: string): Constraint[] {
  const value = parse(context);
  const list: unknown = isRecord(value) ? value.constraints : undefined;
  if (!Array.isArray(list)) return [];
  return list.flatMap((item: unknown) => {
    if (!isRecord(item) || typeof item.name !== 'string' || !Array.isArray(item.list)) return [];
    const { name, list: each } = item;
    return each.flatMap((one: unknown) => {
      if (!isRecord(one)) return [];
      const operator = operators[Number(one.op)];
      const { expr } = one;
      if (operator === undefined || (typeof expr !== 'string' && typeof expr !== 'number')) return [];
      return [{ column: name, operator, value: String(expr) }];
    });
  });
}

/**
 * Whether a row with that value may be in the answer, as `=` and LIKE of a column say. It may be in it although it does
 * not meet all of them: osquery filters what it gets.
 */
export function mayMatch(constraints: readonly Constraint[], column: string, value: string): boolean {
  const own = constraints.filter(
    ({ column: of, operator }) => of === column && (operator === 'equals' || operator === 'like'),
  );
  if (own.length === 0) return true;
  return own.some(({ operator, value: asked }) =>
    operator === 'equals' ? asked === value : isLike(asked, value),
  );
}

/** LIKE of SQLite: `%` and `_`, in any case. Its time is bounded by the product of both lengths: no regular expression. */
export function isLike(pattern: string, value: string): boolean {
  const [wanted, found] = [pattern.toLowerCase(), value.toLowerCase()];
  let [at, position] = [0, 0];
  // where to go on after the last %, when what follows it does not fit
  let [after, retry] = [-1, 0];
  while (position < found.length) {
    if (wanted[at] === '%') {
      after = ++at;
      retry = position;
    } else if (wanted[at] === '_' || wanted[at] === found[position]) {
      at++;
      position++;
    } else if (after >= 0) {
      at = after;
      position = ++retry;
    } else return false;
  }
  while (wanted[at] === '%') at++;
  return at === wanted.length;
}

/** A row of an answer. What is undefined is an empty text, which osquery takes for NULL in a column of numbers. */
export function row(values: Readonly<Record<string, string | number | undefined>>): Row {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, value === undefined ? '' : String(value)]),
  );
}

export function text(name: string, option?: Column['option']): Column {
  return { name, type: 'TEXT', ...(option === undefined ? {} : { option }) };
}

export function big(name: string, option?: Column['option']): Column {
  return { name, type: 'BIGINT', ...(option === undefined ? {} : { option }) };
}

/** The number that a column must be above, as constraints say; -1 when any will do. */
export function above(constraints: readonly Constraint[], column: string): number {
  const bounds = constraints.flatMap(({ column: of, operator, value }) => {
    const number = Number(value);
    if (of !== column || !Number.isSafeInteger(number)) return [];
    if (operator === 'greater') return [number];
    return operator === 'greater-or-equal' || operator === 'equals' ? [number - 1] : [];
  });
  return Math.max(-1, ...bounds);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
