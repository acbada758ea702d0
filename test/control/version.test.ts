import { execFileSync, spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareVersions, parseVersion, versionFault } from '../../src/control/version.ts';

const part = fc.stringMatching(/^[0-9a-zA-Z.+~]{0,6}$/);
const version = fc
  .tuple(
    fc.option(fc.integer({ min: 0, max: 2 }), { nil: undefined }),
    fc.integer({ min: 0, max: 12 }),
    part,
    fc.option(fc.stringMatching(/^[0-9a-z.+~]{1,4}$/), { nil: undefined }),
  )
  .map(([epoch, digits, rest, revision]) =>
    [epoch === undefined ? '' : `${epoch}:`, digits, rest, revision === undefined ? '' : `-${revision}`].join(
      '',
    ),
  );

describe('the order of versions', () => {
  it('is that of dpkg for 2,000 generated pairs and the known traps', () => {
    const traps: [string, string][] = [
      ['1.0~rc1', '1.0'],
      ['1.0~~', '1.0~'],
      ['1.0', '1.0-0'],
      ['1.0-0', '1.0-00'],
      ['1:0.1', '99'],
      ['1.0+b1', '1.0+dfsg'],
      ['1.a', '1.+'],
      ['1.10', '1.9'],
      ['0:1', '1'],
      ['1-1-1', '1-1'],
      ['1z', '1.'],
    ];
    const near = fc.tuple(version, version);
    const same = fc.tuple(version, part).map(([base, tail]) => [base, `${base}${tail}`] as [string, string]);
    const pairs = [...traps, ...fc.sample(near, 1000), ...fc.sample(same, 1000)].filter((pair) =>
      pair.every((text) => versionFault(text) === undefined),
    );
    expect(pairs.length).toBeGreaterThan(1500);
    const judged = dpkgOrders(pairs);
    const ours = pairs.map(([a, b]) => Math.sign(compareVersions(a, b)));
    const wrong = pairs.filter((_pair, index) => ours[index] !== judged[index]);
    expect(wrong).toEqual([]);
  });

  it('holds for numbers beyond what a double holds, as in dpkg itself', () => {
    const [a, b] = ['20240101123456789012345678', '20240101123456789012345679'];
    expect(spawnSync('dpkg', ['--compare-versions', a, 'lt', b]).status).toBe(0);
    expect(compareVersions(a, b)).toBeLessThan(0);
  });

  it('is a total order', () => {
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        expect(Math.sign(compareVersions(a, b))).toBe(-Math.sign(compareVersions(b, a)) + 0);
        if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0)
          expect(compareVersions(a, c)).toBeLessThanOrEqual(0);
      }),
    );
  });
});

describe('a version', () => {
  it('is taken apart', () => {
    expect(parseVersion('2:1.0-rc1-3')).toEqual({ epoch: 2, upstream: '1.0-rc1', revision: '3' });
    expect(parseVersion('7')).toEqual({ epoch: 0, upstream: '7', revision: '' });
  });

  it('is valid when dpkg says so', () => {
    const texts = [
      '1',
      'a1',
      '1-',
      '-1',
      ':1',
      'x:1',
      '1:',
      '1 2',
      '1_2',
      '1:2:3',
      '1-2_3',
      '',
      '1ä',
      '1~-1',
      '3000000000:1',
    ];
    const judged = texts.map((text) => spawnSync('dpkg', ['--validate-version', text]).status === 0);
    expect(texts.map((text) => versionFault(text) === undefined)).toEqual(judged);
  });

  it('of any text is compared without an exception', () => {
    fc.assert(fc.property(fc.string(), fc.string(), (a, b) => Number.isFinite(compareVersions(a, b))));
  });
});

function dpkgOrders(pairs: readonly (readonly [string, string])[]): number[] {
  const program =
    'use Dpkg::Version; use JSON::PP; my @r; for (@{decode_json(do { local $/; <STDIN> })}) ' +
    '{ push @r, version_compare($_->[0], $_->[1]) } print encode_json(\\@r)';
  return JSON.parse(perl(program, pairs));
}

function perl(program: string, input: unknown): string {
  return execFileSync('perl', ['-e', program], { input: JSON.stringify(input) }).toString();
}
