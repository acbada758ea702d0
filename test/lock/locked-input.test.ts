import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ProdngError } from '../../src/error/prodng-error.ts';
import { formatInputs, parseInputs } from '../../src/lock/locked-input.ts';

const hex = (length: number) =>
  fc
    .array(fc.constantFrom('0', '3', '9', 'a', 'f'), { minLength: length, maxLength: length })
    .map((digits) => digits.join(''));
const word = fc.stringMatching(/^[!-~](?:[ -~]{0,20}[!-~])?$/);
const input = fc.record(
  { uri: word, name: word, version: word, licence: word, sha256: hex(64), sha512: hex(128) },
  { requiredKeys: ['uri', 'name', 'sha256'] },
);

test('what is written is read back, and written again byte for byte, in any order', () => {
  fc.assert(
    fc.property(fc.uniqueArray(input, { selector: ({ sha256 }) => sha256, maxLength: 5 }), (inputs) => {
      const text = formatInputs(inputs);
      const read = parseInputs(text, 'jail.inputs');
      expect(read).toHaveLength(inputs.length);
      expect(read).toEqual(expect.arrayContaining(inputs));
      expect(formatInputs(read)).toBe(text);
      expect(formatInputs(inputs.toReversed())).toBe(text);
    }),
  );
});

test('no text makes it throw anything but a ProdngError', () => {
  const noise = fc.oneof(
    fc.string(),
    fc.stringMatching(/^(?:(?:URI|Name|SHA256|SHA512): ?\w{0,70}\n{0,2})*$/),
  );
  fc.assert(
    fc.property(noise, (text) => {
      try {
        for (const { sha256 } of parseInputs(text, 'jail.inputs')) expect(sha256).toMatch(/^[0-9a-f]{64}$/);
      } catch (error) {
        expect(error).toBeInstanceOf(ProdngError);
      }
    }),
  );
});
