import { execFileSync } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runProdng } from '../support/prodng.ts';
import { makeSlotImage, type SlotImage } from '../support/slot-image.ts';

let folder: string;
let old: string;
let now: string;
let touched: string;
const digest = (letter: string): string => letter.repeat(64);
const architecture = 'amd64';

async function slotOf(name: string, tree: string, image: SlotImage): Promise<string> {
  const root = join(folder, `${name}.squashfs`);
  const options = ['-comp', 'zstd', '-b', '256K', '-quiet', '-no-progress', '-noappend', '-no-xattrs'];
  execFileSync('mksquashfs', [tree, root, ...options], { stdio: 'ignore' });
  const path = join(folder, `${name}.slot`);
  await makeSlotImage(path, await readFile(root), image);
  return path;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'image-diff-'));
  const [before, after] = [join(folder, 'before'), join(folder, 'after')];
  await mkdir(join(before, 'etc/prodng/trust'), { recursive: true });
  await mkdir(join(before, 'usr/bin'), { recursive: true });
  await writeFile(join(before, 'etc/prodng/agent.json'), '{}\n');
  await writeFile(join(before, 'etc/prodng/trust/old.gpg'), 'a key');
  await writeFile(join(before, 'etc/hostname'), 'host\n');
  await writeFile(join(before, 'usr/bin/tool'), 'program', { mode: 0o755 });
  await cp(before, after, { recursive: true });
  await writeFile(join(after, 'etc/prodng/agent.json'), '{ "logLevel": "debug" }\n');
  await writeFile(join(after, 'etc/prodng/trust/new.gpg'), 'another key');
  await rm(join(after, 'etc/prodng/trust/old.gpg'));
  await chmod(join(after, 'usr/bin/tool'), 0o4755);
  const packages = [
    { name: 'gone', version: '1', architecture, sha256: digest('a') },
    { name: 'libc6', version: '2.36-9', architecture, sha256: digest('b') },
  ];
  old = await slotOf('old', before, { packages });
  now = await slotOf('now', after, {
    version: '1.1',
    packages: [{ name: 'libc6', version: '2.36-10', architecture, sha256: digest('c') }],
    words: ['quiet', 'mitigations=off'],
    debug: true,
  });
  await utimes(join(before, 'etc/hostname'), 1, 1);
  touched = await slotOf('touched', before, { packages });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('what gives more rights comes first, then packages, then files', async () => {
  const { status, stdout } = await runProdng(['image', 'diff', old, now]);
  expect(status).toBe(1);
  const declarations = stdout.slice(stdout.indexOf('Declarations'), stdout.indexOf('Packages'));
  for (const line of [
    '+ gained   set-uid: /usr/bin/tool',
    '+ gained   Kernel-Command-Line: mitigations=off',
    '+ gained   Debug: a shell on the console',
    '+ gained   Trusted-Key: /etc/prodng/trust/new.gpg',
    '- lost     Trusted-Key: /etc/prodng/trust/old.gpg',
    '  changed  Agent: /etc/prodng/agent.json: changed',
  ])
    expect(declarations).toContain(line);
  expect(declarations.indexOf('lost')).toBeGreaterThan(declarations.lastIndexOf('gained'));
  expect(stdout).toContain('- removed    gone:amd64 1');
  expect(stdout).toContain('upgraded   libc6:amd64 2.36-9 -> 2.36-10');
  expect(stdout).toContain('~ /usr/bin/tool; mode 0755 -> 4755');
  expect(stdout).toContain('+{ "logLevel": "debug" }');
});

test('images that differ in times alone have no difference', async () => {
  const { status, stdout } = await runProdng(['image', 'diff', old, touched]);
  expect([status, stdout]).toEqual([0, 'no difference but time stamps\n']);
});

test('the same comparison comes as JSON, and as a page without scripts', async () => {
  const { stdout, status } = await runProdng(['image', 'diff', old, now, '--json']);
  expect(status).toBe(1);
  const report = JSON.parse(stdout);
  expect(report.new).toMatchObject({ package: 'host', version: '1.1' });
  expect(report.declarations[0]).toMatchObject({ kind: 'gained', field: 'set-uid', new: '/usr/bin/tool' });
  const page = join(folder, 'review.html');
  expect((await runProdng(['image', 'diff', old, now, '--format', 'html', '-o', page])).status).toBe(1);
  const html = await readFile(page, 'utf8');
  expect(html).toContain('mitigations=off');
  expect(html).not.toContain('<script');
});

test('what is no slot image is an error of its own', async () => {
  const { status, stderr } = await runProdng(['image', 'diff', old, join(folder, 'old.squashfs')]);
  expect(status).toBe(2);
  expect(stderr).toContain('no slot image');
});
