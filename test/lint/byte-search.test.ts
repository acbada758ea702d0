import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteSearch } from '../../src/lint/byte-search.ts';

test('finds what is in a file, however it comes in pieces', () => {
  const letters = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 60 }).map((all) => all.join(''));
  const needles = fc.array(fc.stringMatching(/^[abc]{1,5}$/), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(letters, needles, fc.integer({ min: 1, max: 9 }), (text, wanted, size) => {
      const search = new ByteSearch(wanted);
      // what was found in one file says nothing of the next
      search.begin();
      search.update(Buffer.from(wanted.join('')));
      search.begin();
      for (let at = 0; at < text.length; at += size) search.update(Buffer.from(text.slice(at, at + size)));
      expect(search.found).toBe(wanted.some((each) => text.includes(each)));
    }),
    { numRuns: 5000 },
  );
});
