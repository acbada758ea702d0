import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDiagnostic, ProdngError } from '../../src/error/prodng-error.ts';
import type { Lock, LockedPackage } from '../../src/lock/lock.ts';
import { inLockOrder } from '../../src/lock/lock-order.ts';
import { parseLock } from '../../src/lock/lock-parser.ts';
import { formatLock, normalRelations } from '../../src/lock/lock-text.ts';

const hex = (length: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`));
const packageName = fc.stringMatching(/^[a-z0-9][a-z0-9+.-]{1,12}$/);
const version = fc.stringMatching(/^(?:[1-9]:)?[0-9][0-9a-z.+~]{0,8}(?:-[0-9a-z]{1,4})?$/);
const architecture = fc.constantFrom('amd64', 'arm64', 'all');
const text = fc.stringMatching(/^[A-Za-zäß][\w äß().-]{0,20}[\w.]$/);
const relations = fc
  .array(fc.tuple(packageName, fc.option(version)), { maxLength: 4 })
  .map((all) => all.map(([name, least]) => (least === null ? name : `${name} (>= ${least})`)).join(', '));

const packages = (archives: readonly string[]) =>
  fc.uniqueArray(
    fc.record(
      {
        name: packageName,
        version,
        architecture,
        source: text,
        provides: relations.filter((value) => value !== '').map(normalRelations),
        archive: fc.constantFrom(...archives),
        poolPath: fc
          .tuple(packageName, packageName)
          .map(([a, b]) => `pool/main/${a}/${b}_1%3a2+b1~3_all.deb`),
        size: fc.nat(),
        sha256: hex(64),
        use: fc.constantFrom<LockedPackage['use']>(['build'], ['rootfs'], ['build', 'rootfs']),
      },
      { requiredKeys: ['name', 'version', 'architecture', 'archive', 'poolPath', 'size', 'sha256', 'use'] },
    ),
    { maxLength: 6, selector: (item) => `${item.name}:${item.architecture}=${item.version}` },
  );

const lock: fc.Arbitrary<Lock> = fc
  .tuple(fc.constantFrom(['trixie'], ['trixie', 'trixie/Security']), relations)
  .chain(([names, depends]) =>
    fc.record(
      {
        format: fc.constant(1 as const),
        architecture,
        buildDepends: relations.map(normalRelations),
        depends: fc.constant(normalRelations(depends === '' ? '${misc:Depends}' : depends)),
        builtDepends: relations.map(normalRelations),
        archives: fc
          .tuple(text, text, fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) }))
          .map(([origin, label, date]) =>
            names.map((name) => ({
              name,
              origin,
              label,
              suite: 'stable',
              codename: name,
              date: date.toUTCString(),
              components: ['main', 'contrib'],
            })),
          ),
        packages: packages(names).map((all) => all.sort(inLockOrder)),
      },
      { requiredKeys: ['format', 'architecture', 'buildDepends', 'depends', 'archives', 'packages'] },
    ),
  );

const good = `Format: 1
Architecture: amd64
Build-Depends:
 debhelper-compat (= 13)
Depends: -

Archive: trixie
Origin: Debian
Codename: trixie
Date: Sat, 10 May 2025 09:15:27 UTC
Components: main

Package: gcc
Version: 12.2
Architecture: amd64
Archive: trixie
Filename: pool/main/g/gcc/gcc_12.2_amd64.deb
Size: 1000
SHA256: ${'ab'.repeat(32)}
Use: build
`;

function faults(input: string | Uint8Array): string[] {
  try {
    parseLock(input, 'jail.lock');
    return [];
  } catch (error) {
    if (!(error instanceof ProdngError) || error.code !== 'LOCK_SYNTAX') throw error;
    expect(error.diagnostics.length).toBeGreaterThan(0);
    return error.diagnostics.map(formatDiagnostic);
  }
}

describe('a lock', () => {
  it('reads back as it was written, and writes the same bytes again', () => {
    fc.assert(
      fc.property(lock, (value) => {
        const written = formatLock(value);
        const read = parseLock(written, 'jail.lock');
        expect(read).toEqual(value);
        expect(formatLock(read)).toBe(written);
      }),
    );
  });

  it('is the same text in whatever order its packages came', () => {
    fc.assert(
      fc.property(lock, (value) => {
        expect(formatLock({ ...value, packages: value.packages.toReversed() })).toBe(formatLock(value));
      }),
    );
  });

  it('is either read or refused with a place, whatever the bytes are', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void faults(bytes)));
    fc.assert(
      fc.property(
        fc.nat(good.length),
        fc.nat(20),
        fc.string({ unit: 'binary', maxLength: 10 }),
        (at, cut, put) => {
          const changed = good.slice(0, at) + put + good.slice(at + cut);
          for (const fault of faults(changed)) expect(fault).toMatch(/^jail\.lock:\d+/);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('is parsed alike, in canonical form or not', () => {
    // the same fields in the same places; formatLock writes no comment there
    const differently = (written: string) => `${written}\n\n#`;
    const outcome = (written: string) => {
      const found = faults(written);
      return found.length > 0 ? found : parseLock(written, 'jail.lock');
    };
    const noise = fc.oneof(
      fc.constantFrom('', '\n', ' ', '-', '.', '/../', ':', '\r', '\0', 'Use: build\n', 'Package: gcc\n'),
      fc.string({ unit: 'binary', maxLength: 3 }),
    );
    fc.assert(
      fc.property(lock, fc.nat(), fc.nat(3), noise, (value, place, cut, put) => {
        const written = formatLock(value);
        // mostly in the packages, which are at the end
        const at = written.length - 1 - (place % Math.min(written.length, 1000));
        const changed = written.slice(0, at) + put + written.slice(at + cut);
        expect(outcome(written)).toEqual(outcome(differently(written)));
        if (changed.startsWith('#')) expect(outcome(changed)).toEqual(outcome(differently(changed)));
      }),
      { numRuns: 300 },
    );
  });

  it('is read when nothing is wrong with it', () => {
    expect(faults(good)).toEqual([]);
  });

  it.each([
    ['an empty file', good, '', /:1: the file is empty/],
    ['a later format', 'Format: 1', 'Format: 2', /:1: Format: "2" is not known/],
    [
      'an unknown field',
      'Use: build',
      'Use: build\nMirror: http://example.org',
      /:21: Mirror: allowed here: /,
    ],
    [
      'a path out of the archive',
      'pool/main/g/gcc',
      'pool/../../etc',
      /Filename: .*allowed: a relative path/,
    ],
    ['an absolute path', 'pool/main', '/pool/main', /Filename: /],
    ['a digest of another length', 'abab', 'ab', /SHA256: .*64 lower-case hex digits/],
    ['a digest in capitals', 'abab', 'ABAB', /SHA256: /],
    ['a negative size', 'Size: 1000', 'Size: -1', /Size: .*number of bytes/],
    ['a package name with a slash', 'Package: gcc', 'Package: ../gcc', /Package: /],
    ['a version that is none', 'Version: 12.2', 'Version: x', /Version: .*a Debian version/],
    [
      'an archive that is not named',
      'Archive: trixie\nFilename',
      'Archive: sid\nFilename',
      /Archive: "sid".*an Archive of this file/,
    ],
    [
      'no use',
      'Use: build',
      'Use: nothing',
      /Use: "nothing"; allowed: build, rootfs, install, or several in this order/,
    ],
    ['uses in another order', 'Use: build', 'Use: rootfs build', /Use: /],
    ['relations that are none', 'debhelper-compat (= 13)', 'debhelper (((', /Build-Depends: /],
    ['no relations', 'Depends: -\n', '', /:1: Depends: the field is missing/],
    ['a date that is none', 'Sat, 10 May 2025 09:15:27 UTC', 'yesterday', /Date: /],
  ])('is refused with %s, and the place is told', (_what, from, to, expected) => {
    expect(faults(good.replace(from, to)).join('\n')).toMatch(expected);
  });

  it('is refused with the same package or archive twice', () => {
    const [header = '', archive = '', item = ''] = good.split('\n\n');
    const twice = [header, archive, archive, item.trim(), item.trim()].join('\n\n');
    expect(faults(`${twice}\n`)).toEqual([
      expect.stringContaining('Archive: duplicate trixie'),
      expect.stringContaining('Package: duplicate gcc:amd64=12.2'),
    ]);
  });

  it('is refused with every fault at once', () => {
    const bad = good
      .replace('Size: 1000', 'Size: x')
      .replace('Use: build', 'Use: x')
      .replace('12.2\n', 'x\n');
    expect(faults(bad)).toHaveLength(3);
  });
});
