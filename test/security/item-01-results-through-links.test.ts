import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { architecture, makeEvilSource, plainRules } from '../support/hostile-source.ts';
import { runProdng } from '../support/prodng.ts';

// Issue 11, item 1: results are written through symbolic links and to predictable names.

const scratch = mkdtempSync('/var/tmp/prodng-item-01-');
const victim = join(scratch, 'authorized_keys');
const timeout = 600_000;
const log = `evil_1_${architecture}.build`;
let locked: string;

beforeAll(async () => {
  makeEvilSource(join(scratch, 'locked/src'));
  const { status, stderr } = await runProdng([
    'build',
    '--plain',
    '--no-locked',
    join(scratch, 'locked/src'),
  ]);
  expect(stderr).not.toContain('prodng:');
  expect(status).toBe(0);
  locked = readFileSync(join(scratch, 'locked/src/debian/jail.lock'), 'utf8');
}, timeout);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** A repository with the source in `src`, and a file of the host that must stay as it is. */
function repository(name: string, rules = plainRules): string {
  const folder = join(scratch, name);
  makeEvilSource(join(folder, 'src'), rules);
  writeFileSync(join(folder, 'src/debian/jail.lock'), locked);
  writeFileSync(victim, 'secret line\n');
  return folder;
}

const victimUntouched = () => expect(readFileSync(victim, 'utf8')).toBe('secret line\n');

test('build --plain replaces links of the repository that have the names of its results', {
  timeout,
}, async () => {
  const folder = repository('links');
  const results = ['evil_1_all.deb', `evil_1_${architecture}.buildinfo`, `evil_1_${architecture}.changes`];
  for (const name of [log, ...results, ...results.map((each) => `.${each}.new`)])
    symlinkSync('../authorized_keys', join(folder, name));
  const { status, stderr } = await runProdng(['build', '--plain', '--locked', join(folder, 'src')]);
  expect(stderr).not.toContain('prodng:');
  expect(status).toBe(0);
  victimUntouched();
  for (const name of [log, ...results]) expect(lstatSync(join(folder, name)).isFile()).toBe(true);
  expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

test('a build that fails leaves its log in place of a link, and the target of the link alone', {
  timeout,
}, async () => {
  const folder = repository('failing', '#!/usr/bin/make -f\n%:\n\t@echo ssh-ed25519 intruder; exit 1\n');
  symlinkSync('../authorized_keys', join(folder, log));
  const { status } = await runProdng(['build', '--plain', '--locked', join(folder, 'src')]);
  expect(status).toBe(1);
  victimUntouched();
  expect(lstatSync(join(folder, log)).isFile()).toBe(true);
  expect(readFileSync(join(folder, log), 'utf8')).toContain('ssh-ed25519 intruder');
});

test('what has the name of a .deb and is none is not handed out', { timeout }, async () => {
  const folder = repository(
    'fake',
    plainRules.replace('\trm -rf', '\techo not a deb >../other_1_all.deb\n\trm -rf'),
  );
  const { status, stderr } = await runProdng(['build', '--plain', '--locked', join(folder, 'src')]);
  expect(status).toBe(1);
  expect(stderr).toContain('other_1_all.deb that is not a .deb');
  expect(readdirSync(folder).sort()).toEqual([log, 'src']);
});

test.each(['jail.lock', 'control', 'changelog'])(
  'item 16: debian/%s as a link is refused, without a line of what it leads to',
  { timeout },
  async (name) => {
    const folder = repository(`link-${name}`);
    rmSync(join(folder, 'src/debian', name));
    symlinkSync('../../../authorized_keys', join(folder, 'src/debian', name));
    for (const verb of ['build', 'vendor']) {
      const { status, stderr, stdout } = await runProdng([verb, '--plain', join(folder, 'src')]);
      expect(status).toBe(2);
      expect(stderr).toContain(`debian/${name}: is a symbolic link, or behind one`);
      expect(stderr + stdout).not.toContain('secret line');
    }
    victimUntouched();
  },
);

test.each(['jail.lock', 'control', 'changelog'])(
  'item 16: debian/%s of a jail source as a link is refused by every verb that reads it',
  async (name) => {
    const source = join(scratch, `jail-${name}`);
    expect((await runProdng(['new', 'static-binary', source])).status).toBe(0);
    writeFileSync(victim, 'secret line\n');
    rmSync(join(source, 'debian', name), { force: true });
    symlinkSync('../../authorized_keys', join(source, 'debian', name));
    for (const argv of [['lint'], ['build'], ['lock'], ['vendor']]) {
      const { status, stderr, stdout } = await runProdng([...argv, source]);
      expect(status).toBe(2);
      expect(stderr).toContain(`debian/${name}: is a symbolic link, or behind one`);
      expect(stderr + stdout).not.toContain('secret line');
    }
    victimUntouched();
  },
);

test('a lock is not written into a folder that debian/ leads to', { timeout }, async () => {
  const folder = repository('debian-link');
  const elsewhere = join(scratch, 'elsewhere');
  mkdirSync(elsewhere);
  for (const name of ['control', 'changelog', 'rules'])
    writeFileSync(join(elsewhere, name), readFileSync(join(folder, 'src/debian', name)));
  rmSync(join(folder, 'src/debian'), { recursive: true });
  symlinkSync(elsewhere, join(folder, 'src/debian'));
  const { status, stderr } = await runProdng(['build', '--plain', join(folder, 'src')]);
  expect(status).toBe(2);
  expect(stderr).toContain('debian/control: is a symbolic link, or behind one');
  expect(existsSync(join(elsewhere, 'jail.lock'))).toBe(false);
});

test('vendor writes through no link of a vendor folder that the repository carries', {
  timeout,
}, async () => {
  const folder = repository('vendor');
  const target = join(folder, 'evil_1_vendor');
  mkdirSync(join(target, 'debs'), { recursive: true });
  const [, poolPath] = /^Filename: (\S+)$/m.exec(locked) ?? [];
  const deb = (poolPath ?? '').replace(/.*\//, '');
  expect(deb).toMatch(/\.deb$/);
  for (const name of ['jail.lock', `debs/${deb}`, `debs/${deb}.new`]) symlinkSync(victim, join(target, name));
  const { status, stderr } = await runProdng(['vendor', '--plain', join(folder, 'src')]);
  expect(stderr).not.toContain('prodng:');
  expect(status).toBe(0);
  victimUntouched();
  for (const name of ['jail.lock', 'SHA256SUMS', `debs/${deb}`])
    expect(lstatSync(join(target, name)).isFile()).toBe(true);
});

test('vendor removes nothing that a manifest of the source names', { timeout }, async () => {
  const folder = repository('manifest');
  const target = join(folder, 'evil_1_vendor');
  const outside = join(scratch, 'outside');
  mkdirSync(target, { recursive: true });
  mkdirSync(outside);
  writeFileSync(join(outside, 'thesis'), 'years of work\n');
  symlinkSync(outside, join(target, 'docs'));
  writeFileSync(join(target, 'own.txt'), 'mine\n');
  const sum = '0'.repeat(64);
  writeFileSync(join(target, 'SHA256SUMS'), `${sum}  docs/thesis\n${sum}  own.txt\n`);
  const { status } = await runProdng(['vendor', '--plain', join(folder, 'src')]);
  expect(status).toBe(0);
  expect(readFileSync(join(outside, 'thesis'), 'utf8')).toBe('years of work\n');
  expect(readFileSync(join(target, 'own.txt'), 'utf8')).toBe('mine\n');
});

test.each(['debs', 'evil_1_vendor'])(
  'vendor enters no folder that is a link: %s',
  { timeout },
  async (name) => {
    const folder = repository(`entered-${name}`);
    const outside = join(scratch, `outside-${name}`);
    mkdirSync(outside);
    writeFileSync(join(outside, 'precious_1_all.deb'), 'precious\n');
    const target = join(folder, 'evil_1_vendor');
    if (name === 'debs') mkdirSync(target);
    symlinkSync(outside, name === 'debs' ? join(target, name) : target);
    const { status, stderr } = await runProdng(['vendor', '--plain', join(folder, 'src')]);
    expect(status).toBe(2);
    expect(stderr).toContain('too many symbolic links');
    expect(readdirSync(outside)).toEqual(['precious_1_all.deb']);
  },
);

test('build --from-vendor reads no file of the host through a link, nor discloses its digest', {
  timeout,
}, async () => {
  const folder = repository('from-vendor');
  const target = join(scratch, 'hostile-vendor');
  mkdirSync(target);
  symlinkSync(victim, join(target, 'jail.lock'));
  writeFileSync(join(target, 'SHA256SUMS'), `${'0'.repeat(64)}  jail.lock\n`);
  const argv = ['build', '--plain', '--from-vendor', target, join(folder, 'src')];
  const { status, stderr } = await runProdng(argv);
  expect(status).toBe(2);
  expect(stderr).toContain('jail.lock: is a symbolic link, or behind one');
  expect(stderr).not.toContain('has SHA-256');
});
