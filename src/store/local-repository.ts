import { createHash } from 'node:crypto';
import { chmod, link, mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { openDeb } from '../archive/deb-reader.ts';
import { formatDeb822, parseDeb822 } from '../control/deb822.ts';
import { errnoOf, ProdngError } from '../error/prodng-error.ts';
import { withFlock } from '../kernel/flock.ts';
import { writeFileAtomic } from '../system/atomic-file.ts';
import { ofPackage } from './of-package.ts';
import type { PinnedFile } from './pinned-file.ts';
import { storedPath } from './stored-file.ts';

/** Packages are opened this many at a time: each one is a decompressor. */
const concurrency = 4;

/** A flat repository of stored .debs: Store.localRepository. */
export async function localRepository(folder: string, files: readonly PinnedFile[]): Promise<string> {
  const unique = [...new Map(files.map((file) => [file.sha256, file])).values()];
  unique.sort((a, b) => (a.sha256 < b.sha256 ? -1 : 1));
  const parent = join(folder, 'repositories');
  const repository = join(parent, keyOf(unique));
  await mkdir(parent, { recursive: true });
  // apt reads it as another user, in a user namespace: no umask may hide it
  for (const path of [folder, parent]) await chmod(path, 0o755);
  if (await isWhole(folder, repository, unique)) return repository;
  const lock = `${repository}.lock`;
  return await withFlock(lock, async () => {
    if (!(await isWhole(folder, repository, unique))) await make(folder, repository, unique);
    // a process that waits for this lock finds a complete repository
    await rm(lock, { force: true });
    return repository;
  });
}

function keyOf(files: readonly PinnedFile[]): string {
  const hash = createHash('sha256').update('flat repository, layout 1\n');
  for (const { sha256 } of files) hash.update(`${sha256}\n`);
  return hash.digest('hex').slice(0, 24);
}

/** A .deb that was fetched again is another file than the one linked here, which may be the damaged one. */
async function isWhole(folder: string, repository: string, files: readonly PinnedFile[]): Promise<boolean> {
  try {
    await stat(join(repository, 'Packages'));
    const same = await Promise.all(
      files.map(async ({ sha256 }) => {
        const [stored, linked] = await Promise.all([
          stat(storedPath(folder, sha256)),
          stat(join(repository, debName(sha256))),
        ]);
        return stored.ino === linked.ino;
      }),
    );
    return same.every(Boolean);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}

function debName(sha256: string): string {
  return `${sha256}.deb`;
}

async function make(folder: string, repository: string, files: readonly PinnedFile[]): Promise<void> {
  const temporary = `${repository}.new`;
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary);
  await chmod(temporary, 0o755);
  const stanzas = new Map<string, string>();
  const queue = [...files];
  const work = async () => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      const stored = storedPath(folder, file.sha256);
      await assertStored(stored, file);
      await chmod(stored, 0o644);
      // a hard link, because a symbolic one would lead out of what the build's mount namespace shows
      await link(stored, join(temporary, debName(file.sha256)));
      const stanza = await packagesStanza(stored, file).catch((error: unknown) => {
        throw ofPackage(file, stored, error);
      });
      stanzas.set(file.sha256, stanza);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  const index = files.map(({ sha256 }) => stanzas.get(sha256) ?? '').join('\n');
  await writeFileAtomic(join(temporary, 'Packages'), index);
  await chmod(join(temporary, 'Packages'), 0o644);
  await rm(repository, { recursive: true, force: true });
  await rename(temporary, repository);
}

async function assertStored(path: string, { name, version, size }: PinnedFile): Promise<void> {
  try {
    if ((await stat(path)).size === size) return;
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
  throw new ProdngError('IO', `${path}: ${name} ${version} is not in the store`, {
    hint: 'run the command again: what is not in the store is fetched',
  });
}

/** The control file with what makes it an entry of an index; the digests are the lock's, never the file's own. */
async function packagesStanza(path: string, file: PinnedFile): Promise<string> {
  const reader = await openDeb(path);
  try {
    const [control] = parseDeb822(await reader.control(), path);
    if (control === undefined) throw new ProdngError('DEB_FORMAT', `${path}: an empty control file`);
    for (const [field, locked] of [
      ['Package', file.name],
      ['Version', file.version],
      ['Architecture', file.architecture],
    ] as const) {
      const found = control.get(field);
      if (found === locked) continue;
      throw new ProdngError('DEB_FORMAT', `${path}: ${field} is "${found ?? ''}", the lock says "${locked}"`);
    }
    const own = control.fields.filter(({ name }) => !/^(?:Filename|Size|SHA\d+|MD5sum)$/i.test(name));
    const added = [
      { name: 'Filename', value: `./${debName(file.sha256)}` },
      { name: 'Size', value: String(file.size) },
      { name: 'SHA256', value: file.sha256 },
    ];
    return formatDeb822([{ fields: [...own, ...added] }]);
  } finally {
    await reader.close();
  }
}
