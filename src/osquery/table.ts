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

/** The values that a column must be one of; undefined when any will do. */
export function wanted(constraints: readonly Constraint[], column: string): string[] | undefined {
  const values = constraints.flatMap((each) =>
    each.column === column && each.operator === 'equals' ? [each.value] : [],
  );
  return values.length === 0 ? undefined : values;
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
