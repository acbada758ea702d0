/**
 * Looks up a key of foreign origin in a table. An object has `toString`, `constructor` and the like from its prototype:
 * `table[key]` would find them.
 */
export function ownValue<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
