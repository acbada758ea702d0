import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { pruner } from '../../src/build/compose/prune.ts';
import { withNewDigests } from '../../src/build/evidence/changes.ts';
import { multiarchTriplet, runsOn } from '../../src/lint/elf/machines.ts';
import { ownValue } from '../../src/system/own-value.ts';
import { whyNotCarried } from '../../src/template/service/directives.ts';
import { runProdng } from '../support/prodng.ts';

// Issue 11, item 16: look-ups that find what an object has from its prototype.

const scratch = mkdtempSync('/var/tmp/prodng-item-16-');
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const names = Object.getOwnPropertyNames(Object.prototype);

// the names that fit into the 16 characters of ar(5)
test.each(['data.tartoString', 'data.tarvalueOf'])(
  'a member %s is an unsupported compression',
  async (member) => {
    const folder = mkdtempSync(join(scratch, 'deb-'));
    const control = execFileSync('tar', ['-cJf', '-', '-C', '/', '--files-from=/dev/null']);
    const header = (name: string, size: number) =>
      Buffer.from(
        `${name.padEnd(16)}${'0'.padEnd(12)}${'0'.padEnd(6)}${'0'.padEnd(6)}${'100644'.padEnd(8)}${String(size).padEnd(10)}\`\n`,
      );
    const padded = (bytes: Buffer) =>
      bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.from('\n')]);
    const version = Buffer.from('2.0\n');
    const deb = join(folder, 'x.deb');
    writeFileSync(
      deb,
      Buffer.concat([
        Buffer.from('!<arch>\n'),
        header('debian-binary', version.length),
        version,
        header('control.tar.xz', control.length),
        padded(control),
        header(member, control.length),
        padded(control),
      ]),
    );
    const { status, stderr } = await runProdng(['lint', deb]);
    expect(status).toBe(2);
    expect(stderr).toContain(`compression "${member.slice('data.tar'.length)}" is not supported`);
  },
);

test('tables of fields, architectures, prune groups and licences have no such entries', () => {
  for (const name of names) {
    expect(ownValue({}, name)).toBeUndefined();
    expect(multiarchTriplet(name)).toBeUndefined();
    expect(runsOn(name, { machine: 0, bits: 64, littleEndian: true })).toBe(true);
    expect(pruner([name])(`${name}/file`)).toBe(true);
    if (name.startsWith('_')) continue;
    const changes = `Format: 1.8\n${name}: value\nFiles:\n`;
    expect(withNewDigests(changes, 'x.changes', [])).toContain(`${name}: value\n`);
  }
});

test('no such name is the reason why a setting of a unit is not carried over', () => {
  for (const name of names) expect(whyNotCarried(name)).toBe('no field of a jail says this');
});

test.each([
  ['const table: Readonly<Record<string, number>> = {};\nreturn table[key];', 1],
  ['function f(given: Record<string, string>) { return given?.[name.trim()]; }', 1],
  ['const table: Record<string, number> = {};\nreturn ownValue(table, key);', 0],
  ['const table: Record<string, number> = {};\nreturn Object.hasOwn(table, key) ? table[key] : 0;', 0],
  ["const table: Record<string, number> = {};\ntable[key] = 1;\nreturn table['key'];", 0],
])('the check of the structure finds look-ups by a key of foreign origin: %s', (text, found) => {
  const program =
    "import { faultsOf } from './scripts/look-ups.mjs';" +
    'console.log(faultsOf("x.ts", process.argv[1]).length)';
  const argv = ['--input-type=module', '-e', program, text];
  expect(Number(execFileSync('node', argv, { encoding: 'utf8' }))).toBe(found);
});
