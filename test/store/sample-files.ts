import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { ProdngError } from '../../src/error/prodng-error.ts';
import { loadArchives } from '../../src/store/archive-config.ts';
import { type ArchiveState, updateArchives } from '../../src/store/archive-state.ts';
import type { FetchOptions } from '../../src/store/fetch.ts';
import { findPackages } from '../../src/store/packages-index.ts';
import type { PinnedFile } from '../../src/store/pinned-file.ts';
import { hostArchitecture } from '../../src/system/architecture.ts';
import type { Paths } from '../../src/system/paths.ts';
import { type LocalArchive, makeLocalArchive } from '../support/local-archive.ts';

/** An archive with files to fetch, pinned as a lock pins them. */
export interface SampleFiles {
  archive: LocalArchive;
  /** Seven of 50 kB; their names and versions have the characters that URIs escape. */
  small: PinnedFile[];
  /** 3 MiB. */
  large: PinnedFile;
  /** Options to fetch from these mirrors. */
  from: (...uris: string[]) => FetchOptions;
}

export async function makeSampleFiles(): Promise<SampleFiles> {
  const archive = await makeLocalArchive();
  const names = ['alpha', 'beta', 'gamma', 'delta', 'epsilon', 'zeta', 'eta'];
  await archive.publish([
    ...names.map((name) => ({ name, version: '1.0+b1~2', payload: 50_000 })),
    { name: 'large', version: '1:2.0', payload: 3 << 20 },
  ]);
  const scratch = await mkdtemp(join(tmpdir(), 'sample-'));
  const architecture = hostArchitecture();
  const archives = await loadArchives({ sourcesFile: await archive.writeSources(), architecture });
  const state = await updateArchives({ archives, architecture, paths: pathsIn(scratch) });
  const files = await allFiles(state);
  await rm(scratch, { recursive: true });
  const large = files.find(({ name }) => name === 'large');
  const [template] = archives;
  if (large === undefined || template === undefined) throw new Error('the archive is not the one published');
  return {
    archive,
    small: files.filter(({ name }) => name !== 'large'),
    large,
    from: (...uris) => ({
      archives: uris.map((uri) => ({ ...template, uri })),
      releases: state.releases.map(({ identity }) => identity),
      stallTimeout: 1500,
    }),
  };
}

/** Every file of an archive with one component, pinned. */
export async function allFiles(state: ArchiveState): Promise<PinnedFile[]> {
  const index = await readFile(state.releases[0]?.packages[0] ?? '', 'utf8');
  const digests = new Set(index.match(/(?<=^SHA256: ).*$/gm));
  return [...(await findPackages(state, digests)).values()];
}

export function pathsIn(folder: string): Paths {
  return { cache: folder, state: folder, run: folder };
}

/** Everything that stands in the store has the bytes that its name says; returns how many there are. */
export async function checkStore({ folder }: { folder: string }): Promise<number> {
  const names = await readdir(join(folder, 'sha256'), { recursive: true }).catch(() => []);
  const files = names.filter((name) => name.includes('/'));
  for (const name of files) {
    const bytes = await readFile(join(folder, 'sha256', name));
    expect(name).toMatch(createHash('sha256').update(bytes).digest('hex'));
  }
  return files.length;
}

/** What was begun and not finished; an empty lock may stay behind when a process is killed. */
export async function partials({ folder }: { folder: string }): Promise<string[]> {
  const names = await readdir(join(folder, 'partial'));
  return names.filter((name) => !name.endsWith('.lock'));
}

/** The ProdngError that the work ends with; any other end is a fault. */
export async function failure(work: Promise<unknown>): Promise<ProdngError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof ProdngError) return error;
  throw new Error(`not a ProdngError: ${String(error)}`);
}
