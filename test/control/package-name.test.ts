import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nearestPackageName, packagePattern } from '../../src/control/package-name.ts';

const nearlyName = fc.string({
  unit: fc.constantFrom(...Array.from('abz09+-.A_ ~/:é\n')),
  minLength: 2,
  maxLength: 8,
});

describe('a package name', () => {
  it("is accepted or refused as by dpkg's own rule", () => {
    const names = [...new Set(fc.sample(nearlyName, 3000))];
    const judged = execFileSync(
      'perl',
      ['-MDpkg::Package', '-0', '-ne', 'chomp; print pkg_name_is_illegal($_) ? 0 : 1'],
      { input: names.map((name) => `${name}\0`).join(''), encoding: 'utf8', env: { LC_ALL: 'C' } },
    );
    expect(judged).toHaveLength(names.length);
    expect(names.filter((name) => packagePattern.test(name))).toEqual(
      names.filter((_, index) => judged[index] === '1'),
    );
    expect(names.filter((name) => packagePattern.test(name)).length).toBeGreaterThan(10);
  });

  it('has at least two characters, which dpkg leaves to Policy', () => {
    expect(['', 'a', 'ab'].map((name) => packagePattern.test(name))).toEqual([false, false, true]);
  });

  it('proposed for a wrong one is right, and a right one stays', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const near = nearestPackageName(text);
        expect(near === undefined || packagePattern.test(near)).toBe(true);
      }),
    );
    expect(nearestPackageName('My_Service!')).toBe('my-service');
    expect(nearestPackageName('g++-12')).toBe('g++-12');
    expect(nearestPackageName('___')).toBeUndefined();
  });
});
