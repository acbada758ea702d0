import type { FieldChange } from './jail-field.ts';

/** Compares two values of which neither allows more than the other. An empty text means that there is no value. */
export function compareSetting(before: string, after: string): FieldChange[] {
  return before === after ? [] : [change('changed', before, after)];
}

/** Compares two amounts by their numbers: more is gained. */
export function compareAmounts<T>(
  before: T,
  after: T,
  amount: (value: T) => number,
  format: (value: T) => string,
): FieldChange[] {
  const [old, now] = [amount(before), amount(after)];
  return old === now ? [] : [change(now > old ? 'gained' : 'lost', format(before), format(after))];
}

/** Compares two lists of rights: an item that is new is gained, one that is missing is lost. */
export function compareItems<T>(
  before: readonly T[],
  after: readonly T[],
  format: (item: T) => string,
): FieldChange[] {
  const [old, now] = [new Set(before.map(format)), new Set(after.map(format))];
  return [
    ...[...now].filter((text) => !old.has(text)).map((text) => change('gained', '', text)),
    ...[...old].filter((text) => !now.has(text)).map((text) => change('lost', text, '')),
  ];
}

/** Compares two lists of named values, none of which is a right. */
export function compareNamed(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
  format: (name: string, value: string) => string,
): FieldChange[] {
  const text = (values: Readonly<Record<string, string>>, name: string): string => {
    // a name such as __proto__ is in every object's prototype
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    return value === undefined ? '' : format(name, value);
  };
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].toSorted().flatMap((name) => compareSetting(text(before, name), text(after, name)));
}

function change(kind: FieldChange['kind'], before: string, after: string): FieldChange {
  return { kind, ...(before === '' ? {} : { old: before }), ...(after === '' ? {} : { new: after }) };
}
