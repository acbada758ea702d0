import { ProdngError } from '../error/prodng-error.ts';
import { lossKinds } from './layout.ts';
import type { Profile } from './profile.ts';

/**
 * What several runs of a package did together: the union, with counts added. It is as whole as the least of them, and of
 * the version and declarations of the last.
 *
 * @throws ProdngError PROFILE when they are of different packages, modes or mechanisms
 */
export function mergeProfiles(profiles: readonly Profile[]): Profile {
  const [first, ...others] = profiles;
  if (first === undefined) throw new ProdngError('PROFILE', 'there is no profile to merge');
  return others.reduce(mergeTwo, first);
}

function mergeTwo(a: Profile, b: Profile): Profile {
  for (const key of ['package', 'mode', 'mechanism', 'runtime'] as const)
    if (a[key] !== b[key])
      throw new ProdngError('PROFILE', `profiles of different kinds: ${key} ${a[key]} and ${b[key]}`, {
        hint: 'audit them one by one',
      });
  const programs = a.programs.map((each) => ({ ...each }));
  const renumbered = new Map<number, number>([[0, 0]]);
  for (const each of b.programs) {
    const same = programs.find(({ path, origin }) => path === each.path && origin === each.origin);
    renumbered.set(each.id, same?.id ?? programs.length + 1);
    if (same === undefined) programs.push({ ...each, id: programs.length + 1, by: -1 });
    else same.executed += each.executed;
  }
  const number = (id: number) => renumbered.get(id) ?? 0;
  for (const each of b.programs) {
    const added = programs[number(each.id) - 1];
    if (added?.by === -1) added.by = number(each.by);
  }
  const ofB = <T extends { program: number }>(entries: readonly T[]): T[] =>
    entries.map((entry) => ({ ...entry, program: number(entry.program) }));
  return {
    ...b,
    began: earlier(a.began, b.began),
    duration: a.duration + b.duration,
    runs: a.runs + b.runs,
    fromStart: a.fromStart && b.fromStart,
    lost: addedLosses(a.lost, b.lost),
    blind: [...new Set([...a.blind, ...b.blind])],
    programs,
    capabilities: summed(
      [...a.capabilities, ...ofB(b.capabilities)],
      ['granted', 'denied', 'hard', 'host', 'hostHard'],
    ),
    calls: summed([...a.calls, ...ofB(b.calls)], ['entered', 'refused', 'denied', 'missing']),
    files: summed([...a.files, ...ofB(b.files)], ['count']),
    connections: summed([...a.connections, ...ofB(b.connections)], ['count']),
  };
}

function addedLosses(a: Profile['lost'], b: Profile['lost']): Profile['lost'] {
  const sum = { ...a };
  for (const kind of lossKinds) sum[kind] += b[kind];
  return sum;
}

/** Entries that differ in nothing but their counts become one. */
function summed<T extends object>(entries: readonly T[], counts: readonly (keyof T)[]): T[] {
  const byIdentity = new Map<string, T>();
  for (const entry of entries) {
    const identity = JSON.stringify(
      Object.entries(entry)
        .filter(([key]) => !counts.some((count) => count === key))
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    );
    const before = byIdentity.get(identity);
    byIdentity.set(identity, before === undefined ? entry : added(before, entry, counts));
  }
  return [...byIdentity.values()];
}

function added<T extends object>(a: T, b: T, counts: readonly (keyof T)[]): T {
  const sums = counts.flatMap((count) => {
    const [x, y] = [a[count], b[count]];
    return typeof x === 'number' && typeof y === 'number' ? [[count, x + y] as const] : [];
  });
  return { ...a, ...Object.fromEntries(sums) };
}

/** The earlier of two ISO 8601 times in UTC: they sort as text. */
function earlier(a: string, b: string): string {
  return [a, b].find((time) => time <= a && time <= b) ?? a;
}
