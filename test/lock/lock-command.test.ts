import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plainEnvironment, run } from '../../src/system/process.ts';
import { buildBasics, type LocalArchive, makeLocalArchive } from '../support/local-archive.ts';
import { prodng as program } from '../support/prodng.ts';

let archive: LocalArchive;
let scratch: string;
let dir: string;
let sources: string;

beforeAll(async () => {
  archive = await makeLocalArchive();
  await archive.publish(buildBasics);
  sources = await archive.writeSources();
  scratch = await mkdtemp(join(tmpdir(), 'lock-command-'));
  dir = join(scratch, 'hello');
  await mkdir(join(dir, 'debian'), { recursive: true });
  const who = 'Jane Doe <jane@example.org>';
  const changes = `hello (1.0) unstable; urgency=medium\n\n  * First.\n\n -- ${who}  Mon, 05 May 2025 10:00:00 +0000\n`;
  await writeFile(join(dir, 'debian/changelog'), changes);
  await writeFile(
    join(dir, 'debian/control'),
    `Source: hello\nMaintainer: ${who}\nBuild-Depends: gcc\n\nPackage: hello\nArchitecture: any\nDescription: says hello\n` +
      'XB-Jail-Format: 1\nXB-Jail-Command: /bin/hello\n',
  );
});

afterAll(async () => {
  await archive.remove();
  await rm(scratch, { recursive: true, force: true });
});

async function prodng(...args: string[]) {
  return await run([program, ...args], {
    env: { ...plainEnvironment, PATH: process.env.PATH ?? '', PRODNG_CACHE_DIR: join(scratch, 'cache') },
    accept: [0, 1, 2],
  });
}

describe('prodng lock', () => {
  it('writes the lock, then says that it is up to date, then what --update changed', async () => {
    expect(await prodng('lock', dir, '--sources', sources)).toMatchObject({
      exitCode: 0,
      stdout: `${dir}/debian/jail.lock: written; 4 packages in the build root; the rootfs is resolved by the first prodng build`,
    });
    expect((await prodng('lock', dir, '--sources', sources)).stdout).toContain(
      'jail.lock: up to date; 4 packages',
    );
    const newer = buildBasics.map((item) => (item.name === 'gcc' ? { ...item, version: '13' } : item));
    await archive.publish(newer, { date: new Date(Date.now() - 3_600_000) });
    const { stdout } = await prodng('lock', dir, '--sources', sources, '--update');
    expect(stdout).toMatch(/^upgraded +gcc 12\.2 -> 13 \(build root\)\n.*jail\.lock: written/);
  });

  it('reports as JSON, and nothing but JSON', async () => {
    await rm(join(dir, 'debian/jail.lock'), { force: true });
    const { stdout } = await prodng('lock', dir, '--sources', sources, '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      path: join(dir, 'debian/jail.lock'),
      written: true,
      buildRoot: 4,
      rootfs: null,
      archives: [{ name: 'local', origin: 'Example' }],
    });
  });

  it('ends with 2 and a hint when the archive cannot be had, and leaves the lock as it is', async () => {
    await prodng('lock', dir, '--sources', sources);
    const before = await readFile(join(dir, 'debian/jail.lock'), 'utf8');
    const nowhere = await archive.writeSources('http://127.0.0.1:9/debian');
    const { exitCode, stdout, stderr } = await prodng('lock', dir, '--sources', nowhere, '--update');
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(/package archive http:\/\/127\.0\.0\.1:9\/.*cannot be reached[\s\S]*hint: /);
    expect(await readFile(join(dir, 'debian/jail.lock'), 'utf8')).toBe(before);
  });

  it('ends with 2 where there is no jail source', async () => {
    const { exitCode, stderr } = await prodng('lock', scratch, '--json');
    expect(exitCode).toBe(2);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'NOT_A_JAIL_SOURCE' } });
  });
});
