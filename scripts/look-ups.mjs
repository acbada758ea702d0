// Tables that are looked up by a key: `table[key]` also finds `constructor`, `toString` and the like, which every object
// has from its prototype. A key that is not written in the code goes through ownValue() of src/system/own-value.ts, or
// Object.hasOwn() before it, or the table is a Map.

import { readFileSync } from 'node:fs';

const declared = /\b(\w+)\??: (?:Readonly<|Partial<)*Record<string,/g;

/**
 * Finds look-ups of tables, typed as Record<string, ...> in the same module, by keys that are not written there.
 *
 * @param modules paths of all modules of src/
 */
export function lookUpFaults(modules) {
  return modules.flatMap((path) => faultsOf(path, readFileSync(path, 'utf8')));
}

/** @param text of a module */
export function faultsOf(path, text) {
  const names = new Set([...text.matchAll(declared)].map(([, name]) => name));
  return [...names].flatMap((name) => {
    // not an assignment, an element by number, nor the type of one
    const lookUp = new RegExp(`(?<![\\w.])${name}(?:\\?\\.)?\\[(?!['"\\d\\]])([^\\]]+)\\](?! = )`, 'g');
    return [...text.matchAll(lookUp)].flatMap(({ 0: code, index }) => {
      const before = text.slice(Math.max(0, index - 120), index);
      if (before.includes(`Object.hasOwn(${name}, `) || path === 'src/system/own-value.ts') return [];
      const line = text.slice(0, index).split('\n').length;
      return [`${path}:${line}: ${code}: finds what every object has from its prototype: use ownValue()`];
    });
  });
}
