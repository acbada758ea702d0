import { expect, test } from 'vitest';
import { findCause } from '../../src/verify/rebuild/find-cause.ts';
import {
  parseVariations,
  type VariationName,
  variationNames,
} from '../../src/verify/rebuild/variation-names.ts';

type Build = Parameters<typeof findCause>[2];

/** A build whose bytes are its own text and what of its surroundings it lets in. */
function buildOf(text: string, leaks: readonly VariationName[]): { build: Build; tried: string[] } {
  const tried: string[] = [];
  let now = 0;
  const build: Build = async (names, frozenAt) => {
    tried.push(names.join('+'));
    now += 1;
    const seen = leaks.filter((name) => name !== 'clock' && names.includes(name));
    const clock = leaks.includes('clock') ? (frozenAt ?? `${now}${names.includes('clock')}`) : '';
    return [text, ...seen, clock].join('|');
  };
  return { build, tried };
}

test('one variation at a time is switched on, and those that change the bytes are named', async () => {
  const { build, tried } = buildOf('same', ['hostname', 'umask']);
  const cause = await findCause('same|', ['hostname', 'umask', 'jobs'], build, true);
  expect(cause.variations).toEqual(['hostname', 'umask']);
  expect(cause.isTogether).toBe(false);
  expect(tried).toEqual(['', 'hostname', 'umask', 'jobs']);
});

test('a build that reads the clock never comes out the same, and the clock is named for it', async () => {
  const { build } = buildOf('same', ['clock', 'jobs']);
  const cause = await findCause('same|long ago', variationNames, build, true);
  expect(cause.variations).toEqual(['clock', 'jobs']);
});

test('two variations that only matter together are named together', async () => {
  const build: Build = async (names) => (names.includes('user') && names.includes('home') ? 'other' : 'same');
  const cause = await findCause('same', ['user', 'home', 'jobs'], build, true);
  expect(cause).toMatchObject({ variations: ['user', 'home'], isTogether: true });
});

test('chance and another source are distinguished from a variation', async () => {
  let count = 0;
  const chance: Build = async () => {
    count += 1;
    return String(count);
  };
  const byChance = await findCause('same', variationNames, chance, true);
  expect(byChance).toMatchObject({ variations: [], explanation: expect.stringContaining('by chance') });
  const other = await findCause('same', variationNames, buildOf('other', []).build, true);
  expect(other).toMatchObject({ variations: [], explanation: expect.stringContaining('something else') });
  const unheld = await findCause('same', variationNames, buildOf('other', ['clock']).build, false);
  expect(unheld).toMatchObject({ variations: [], explanation: expect.stringContaining('time of day') });
});

test('--vary takes names away from all, or begins with none', () => {
  expect(parseVariations('all')).toEqual(variationNames);
  expect(parseVariations('+all,-clock')).toEqual(variationNames.filter((name) => name !== 'clock'));
  expect(parseVariations('-clock,-user')).toHaveLength(variationNames.length - 2);
  expect(parseVariations('jobs,+clock')).toEqual(['clock', 'jobs']);
  expect(parseVariations('-all,umask')).toEqual(['umask']);
  expect(parseVariations('all,-time')).toEqual({ fault: '-time' });
});
