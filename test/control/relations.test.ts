import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatRelations, parseRelations } from '../../src/control/relations.ts';
import { type AvailablePackage, unsatisfiedRelations } from '../../src/control/satisfaction.ts';
import { ProdngError } from '../../src/error/prodng-error.ts';

describe('reading a dependency field', () => {
  it('takes every part of a relation apart', () => {
    expect(parseRelations('python3:any (>= 3.9) [amd64 !arm64] <!nocheck> <cross stage1> | b')).toEqual([
      [
        {
          name: 'python3',
          substvar: false,
          qualifier: 'any',
          version: { operator: '>=', version: '3.9' },
          architectures: [
            { name: 'amd64', negated: false },
            { name: 'arm64', negated: true },
          ],
          profiles: [
            [{ name: 'nocheck', negated: true }],
            [
              { name: 'cross', negated: false },
              { name: 'stage1', negated: false },
            ],
          ],
        },
        { name: 'b', substvar: false, architectures: [], profiles: [] },
      ],
    ]);
  });

  it('keeps substitution variables', () => {
    const relations = parseRelations('${shlibs:Depends}, ${misc:Depends},, libfoo (= ${binary:Version})');
    expect(relations.flat().map(({ name, substvar }) => [name, substvar])).toEqual([
      ['${shlibs:Depends}', true],
      ['${misc:Depends}', true],
      ['libfoo', false],
    ]);
    expect(formatRelations(relations)).toBe(
      '${shlibs:Depends}, ${misc:Depends}, libfoo (= ${binary:Version})',
    );
  });

  it('reads every dependency of the installed packages as dpkg does, and writes it back', () => {
    const all = execFileSync('dpkg-query', ['-Wf', '${Depends}\\n']).toString().split('\n').filter(Boolean);
    expect(all.length).toBeGreaterThan(50);
    const program =
      'use Dpkg::Deps; while (<STDIN>) { chomp; print deps_parse($_, union => 0)->output(), "\\n" }';
    const judged = execFileSync('perl', ['-e', program], { input: `${all.join('\n')}\n` }).toString();
    expect(`${all.map((text) => formatRelations(parseRelations(text))).join('\n')}\n`).toBe(judged);
  });

  it.each(['a (1.0)', 'a (>= )', 'a b', '(>= 1)', 'a [amd64', 'a (>= 1) (<< 2)', 'ä', 'a | | b'])(
    'refuses %j',
    (text) => {
      expect(() => parseRelations(text)).toThrow(ProdngError);
    },
  );

  it('never fails but with CONTROL_SYNTAX, and in time', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'ab1 ,|()<>=![]:${}~.-'.split('')), maxLength: 60 }),
        (text) => {
          try {
            const relations = parseRelations(text);
            expect(parseRelations(formatRelations(relations))).toEqual(relations);
          } catch (error) {
            expect(error).toMatchObject({ code: 'CONTROL_SYNTAX' });
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('what is not satisfied', () => {
  const packages: AvailablePackage[] = [
    { name: 'libc6', version: '2.36-9', architecture: 'amd64' },
    { name: 'mawk', version: '1.3', architecture: 'amd64', provides: 'awk, virtual (= 2)' },
  ];
  it.each([
    ['libc6 (>= 2.36)', 0],
    ['libc6 (>> 2.36-9)', 1],
    ['awk', 0],
    ['awk (>= 1)', 1],
    ['virtual (>= 2)', 0],
    ['nothing | libc6', 0],
    ['nothing', 1],
    ['nothing [arm64]', 0],
    ['nothing [!amd64]', 0],
    ['nothing [linux-any]', 1],
    ['nothing <cross>', 0],
    ['nothing <!nocheck>', 1],
    ['${shlibs:Depends}', 0],
    ['libc6 (= 2.36-9), x, y', 2],
  ])('%s: %i', (text, count) => {
    expect(unsatisfiedRelations(parseRelations(text), packages, 'amd64')).toHaveLength(count);
  });
});
