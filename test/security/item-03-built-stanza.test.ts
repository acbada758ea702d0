import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { debName } from '../../src/build/compose/assemble.ts';
import { architecture, makeEvilSource, plainRules } from '../support/hostile-source.ts';
import { runProdng } from '../support/prodng.ts';

// Issue 11, item 3: the built stanza decides what it must not.

const scratch = mkdtempSync('/var/tmp/prodng-item-03-');
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const timeout = 600_000;
const jail = 'XB-Jail-Format: 1\nXB-Jail-Command: /usr/bin/true\nXB-Jail-Memory: 64M\n';
let locked: string;

/** A jail source whose rules run these lines of shell between dpkg-gencontrol and dpkg-deb, as make has them. */
function jailSource(name: string, shell: string, control = jail): string {
  const source = join(scratch, name, 'src');
  // the name that dpkg-buildpackage expects, whatever is inside
  const rules = plainRules.replace(
    /\tdpkg-deb.*/,
    () => `\t${shell}\n\tdpkg-deb --nocheck --build debian/tmp ../evil_1_all.deb`,
  );
  makeEvilSource(source, rules, control);
  if (locked !== undefined) writeFileSync(join(source, 'debian/jail.lock'), locked);
  return source;
}

const build = (source: string) =>
  runProdng(['build', '--locked', source, '--output', join(source, '../out')]);

beforeAll(async () => {
  const source = jailSource('honest', 'true');
  const { status, stderr } = await runProdng(['build', '--no-locked', source]);
  expect(stderr).not.toContain('prodng:');
  expect(status).toBe(0);
  locked = readFileSync(join(source, 'debian/jail.lock'), 'utf8');
  const deb = join(scratch, `honest/evil_1_${architecture}.deb`);
  const fields = execFileSync('dpkg-deb', ['--field', deb], { encoding: 'utf8' });
  // in the order of dpkg-gencontrol
  const sorted = jail.replaceAll('XB-', '').trimEnd().split('\n').sort();
  expect(fields).toContain(`${sorted.join('\n')}\n`);
  expect(fields).toContain('Maintainer: E. Vil <evil@example.org>\n');
}, timeout);

test.each([
  ['Package', 's#^Package:.*#Package: ../victim/x#', 'Package: built "../victim/x", declared "evil"'],
  ['Version', 's/^Version:.*/Version: 2/', 'Version: built "2", declared "1"'],
  ['Architecture', 's/^Architecture:.*/Architecture: sparc/', 'Architecture: built "sparc", declared "all"'],
  ['Source', '$$aSource: glibc', 'Source: built "glibc", declared "evil"'],
  [
    'a capability',
    '$$aJail-Capabilities: SYS_ADMIN',
    'Jail-Capabilities: built "SYS_ADMIN", declared no such field',
  ],
  ['the user', '$$aJail-User: root', 'Jail-User: built "root", declared no such field'],
  ['the user with a prefix', '$$aXB-Jail-User: root', 'Jail-User: built "root", declared no such field'],
  ['a limit', 's/^Jail-Memory:.*/Jail-Memory: 64G/', 'Jail-Memory: built "64G", declared "64M"'],
  ['a missing limit', '/^Jail-Memory:/d', 'Jail-Memory: built no such field, declared "64M"'],
])(
  'rules that change %s of the built stanza fail the build, naming the field',
  {
    timeout,
  },
  async (name, edit, message) => {
    const source = jailSource(name.replaceAll(' ', '-'), `sed -i '${edit}' debian/tmp/DEBIAN/control`);
    const { status, stderr } = await build(source);
    expect(stderr).toContain(message);
    expect(status).toBe(1);
    expect(readdirSync(join(source, '../out')).filter((each) => each.endsWith('.deb'))).toEqual([]);
    expect(existsSync(join(scratch, 'victim'))).toBe(false);
  },
);

test('a substitution variable of rules does not reach a jail field', { timeout }, async () => {
  const control = `${jail}XB-Jail-Environment: A=$\{own:value}\n`;
  const source = jailSource('substvars', 'true', control);
  const rules = join(source, 'debian/rules');
  const text = readFileSync(rules, 'utf8');
  writeFileSync(rules, text.replace('dpkg-gencontrol', "dpkg-gencontrol '-Vown:value=injected'"));
  const { status, stderr } = await build(source);
  expect(stderr).toContain('Jail-Environment: built "A=injected", declared "A=${own:value}"');
  expect(status).toBe(1);
});

test('debName refuses every name that is no file name of dpkg', () => {
  expect(debName('evil', '1:2-3', 'amd64')).toBe('evil_2-3_amd64.deb');
  for (const [name, version, arch] of [
    ['../victim/x', '1', 'amd64'],
    ['x', '1/../../y', 'amd64'],
    ['x', '1', '../amd64'],
    ['', '1', 'amd64'],
    ['evil', '', 'amd64'],
    ['evil', '1', ''],
  ] as const)
    expect(() => debName(name, version, arch)).toThrow(expect.objectContaining({ code: 'CONTROL_SYNTAX' }));
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), (name, version, arch) => {
      try {
        expect(debName(name, version, arch)).toMatch(/^[a-z0-9][a-z0-9+.-]+_[\w.+~:-]+_[a-z0-9-]+\.deb$/);
      } catch (error) {
        expect(error).toMatchObject({ code: 'CONTROL_SYNTAX' });
      }
    }),
  );
});
