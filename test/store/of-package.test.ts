import { createHash } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { lockedComponents } from '../../src/build/compose/components.ts';
import type { LockedPackage } from '../../src/lock/lock.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { run } from '../../src/system/process.ts';
import { failure, pathsIn } from './sample-files.ts';

let scratch: string;
let store: Store;
let item: LockedPackage;

/** A package of an archive with a file name in Latin-1, made by dpkg-deb, which does not mind. */
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'of-package-'));
  const tree = join(scratch, 'tree');
  await mkdir(join(tree, 'DEBIAN'), { recursive: true });
  const control =
    'Package: odd\nVersion: 1:1.0\nArchitecture: all\nMaintainer: Jane Doe <jane@example.org>\nDescription: odd\n';
  await writeFile(join(tree, 'DEBIAN/control'), control);
  await mkdir(join(tree, 'opt'));
  await writeFile(Buffer.concat([Buffer.from(join(tree, 'opt/caf')), Buffer.from([0xe9])]), 'x');
  const deb = join(scratch, 'odd.deb');
  await run(['dpkg-deb', '--root-owner-group', '-b', tree, deb]);
  const sha256 = createHash('sha256')
    .update(await readFile(deb))
    .digest('hex');
  store = await openStore(pathsIn(scratch));
  await mkdir(dirname(store.debPath(sha256)), { recursive: true });
  await copyFile(deb, store.debPath(sha256));
  const { size } = await stat(deb);
  const poolPath = 'pool/main/o/odd/odd_1.0_all.deb';
  item = {
    name: 'odd',
    version: '1:1.0',
    architecture: 'all',
    poolPath,
    size,
    sha256,
    archive: 'x',
    use: ['rootfs'],
  };
});

afterAll(async () => await rm(scratch, { recursive: true, force: true }));

it('a fault of a stored package names the package, its file and what to do, not a digest', async () => {
  const error = await failure(lockedComponents([item], store));
  expect(error).toMatchObject({
    code: 'ENTRY_REFUSED',
    message: String.raw`odd 1:1.0 (odd_1.0_all.deb): ./opt/caf\xe9: the name is not UTF-8 (Debian Policy 10.10)`,
    hint: expect.stringContaining('leave it out of Depends'),
  });
  expect(error.message).not.toContain(item.sha256);
});

it('a damaged file of the store keeps its own hint', async () => {
  await writeFile(store.debPath(item.sha256), 'damaged');
  expect(await failure(lockedComponents([item], store))).toMatchObject({
    code: 'HASH_MISMATCH',
    message: expect.stringMatching(/^odd 1:1\.0 \(odd_1\.0_all\.deb\): the stored file is damaged/),
    hint: expect.stringContaining('run the command again'),
  });
});
