/** A member of a value of JSON from a bundle, which may come from anybody; undefined when there is none. */
export function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.getOwnPropertyDescriptor(value, name)?.value;
}

/**
 * A value of JSON as text. String() would call `toString`, which such a value can have as a member, and neither it nor
 * JSON.stringify() has an end for lists nested a million deep.
 */
export function wordOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === undefined) return '';
  try {
    return JSON.stringify(value);
  } catch {
    return '(nested too deep)';
  }
}

/** A number of JSON; NaN for anything else. */
export function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : Number.NaN;
}
