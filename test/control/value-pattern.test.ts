import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesPattern, parsePattern } from '../../src/control/value-pattern.ts';

/** A pattern in parts of which a regular expression means the same. */
const item = fc
  .tuple(
    fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '[a-c]', '\\.', '\\\\', '[\\]b]', '-', '[x-]'),
    fc.constantFrom('', '', '?', '*', '+', '{2}', '{1,3}', '{0,2}'),
  )
  .map((parts) => parts.join(''));
const pattern = fc
  .array(
    fc.array(item, { maxLength: 5 }).map((items) => items.join('')),
    { minLength: 1, maxLength: 3 },
  )
  .map((alternatives) => alternatives.join('|'));
const value = fc.string({
  unit: fc.constantFrom('a', 'b', 'c', '.', '\\', ']', '-', 'x', '\u{1f600}'),
  maxLength: 10,
});

function matches(text: string, of: string): boolean {
  const parsed = parsePattern(text);
  if (typeof parsed === 'string') throw new Error(parsed);
  return matchesPattern(parsed, of);
}

describe('a pattern of a setting', () => {
  it('takes what the regular expression takes', () => {
    let taken = 0;
    fc.assert(
      fc.property(pattern, value, (text, of) => {
        const expected = new RegExp(`^(?:${text})$`, 'su').test(of);
        if (expected) taken += 1;
        expect(matches(text, of)).toBe(expected);
      }),
      { numRuns: 3000, seed: 20_261 },
    );
    expect(taken).toBeGreaterThan(100);
  });

  it.each(['(a)', 'a**', '[a', 'a{', '*', '[]', 'a{2,1}', '[b-a]', '\\', 'a'.repeat(65)])(
    'is not %s',
    (text) => {
      expect(typeof parsePattern(text)).toBe('string');
    },
  );

  it('never takes longer than its length times that of the value', () => {
    let calls = 0;
    const parsed = parsePattern('.*.*.*.*.*.*.*.*x');
    if (typeof parsed === 'string') throw new Error(parsed);
    const counted = parsed.map((items) =>
      items.map((each) => ({
        ...each,
        takes: (character: string) => {
          calls += 1;
          return each.takes(character);
        },
      })),
    );
    expect(matchesPattern(counted, 'a'.repeat(4096))).toBe(false);
    expect(calls).toBe(9 * 4096);
  });
});
