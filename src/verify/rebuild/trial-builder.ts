import { chmod, chown, mkdir, rm } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { extractTar } from '../../archive/extract.ts';
import { readTar } from '../../archive/tar-reader.ts';
import { buildPlain } from '../../build/build-plain.ts';
import { type BuildOptions, buildSource } from '../../build/build-source.ts';
import { debName } from '../../build/compose/assemble.ts';
import { buildIdMappings } from '../../build/root/subordinate-ids.ts';
import { openUserNamespace } from '../../build/root/user-namespace.ts';
import { readSourceTree, sourceTar } from '../../build/source/source-tree.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import { lockFile } from '../../lock/lock.ts';
import { writeBeneath } from '../../output/write-output.ts';
import { openSignedBytes } from '../../sign/signed-bytes.ts';
import { run } from '../../system/process.ts';
import type { VariationName } from './variation-names.ts';
import { fuseDevice, type VariationHost, vary } from './variations.ts';

/** What is rebuilt, and with what. */
export interface RebuildSource {
  /** The folder of the source; for an ordinary package also its .dsc. */
  source: string;
  name: string;
  version: string;
  architecture: string;
  /** Of a jail: the lock inside it. An ordinary package has its lock beside the source. */
  lockText?: string;
}

/** One build that came to an end. */
export interface Trial {
  /** SHA-256 of the .deb without signatures; or why there is none. */
  outcome: string;
  /** The .deb, until the builder is closed. */
  deb?: string;
  failure?: string;
}

export type TrialOptions = Pick<BuildOptions, 'archives' | 'paths' | 'timeout' | 'scratch' | 'signal'>;

/** Builds one source again and again, each time in other surroundings. Nothing is written to the source. */
export class TrialBuilder {
  readonly #what: RebuildSource;
  readonly #host: VariationHost;
  readonly #options: TrialOptions;
  readonly #work: string;
  #count = 0;

  /** @param work an empty folder below the cache, which the caller removes */
  constructor(what: RebuildSource, host: VariationHost, options: TrialOptions, work: string) {
    this.#what = what;
    this.#host = host;
    this.#options = options;
    this.#work = work;
  }

  /**
   * @param frozenAt holds the clock
   * @throws ProdngError of the steps before and after the build; a build that fails is an outcome
   */
  async build(names: readonly VariationName[], frozenAt?: string): Promise<Trial> {
    this.#count += 1;
    const folder = join(this.#work, String(this.#count));
    await mkdir(folder);
    const { cache } = this.#options.paths;
    const disk = names.includes('file-system') ? await this.#makeDisk(folder) : undefined;
    const fuse = names.includes('directory-order') ? await this.#fuseDevice(folder) : undefined;
    try {
      const folders = { disk: disk && relative(cache, disk), fuse };
      const variation = vary(names, this.#host, folders, frozenAt);
      const deb = await this.#buildDeb({
        ...this.#options,
        dir: this.#what.source,
        output: folder,
        locked: true,
        variation,
      });
      return { outcome: await unsignedSha256(deb), deb };
    } catch (error) {
      if (!(error instanceof ProdngError) || error.code !== 'BUILD_FAILED') throw error;
      return { outcome: `failed: ${error.message.split('\n')[0] ?? ''}`, failure: error.message };
    } finally {
      if (disk !== undefined) await removeDisk(disk);
    }
  }

  async #buildDeb(options: BuildOptions): Promise<string> {
    const { name, version, architecture, lockText } = this.#what;
    if (lockText !== undefined)
      return (await buildSource({ ...options, dir: await this.#lockedSource(lockText) })).path;
    const { files } = await buildPlain(options);
    const wanted = debName(name, version, architecture);
    const deb = files.find((file) => basename(file) === wanted);
    if (deb !== undefined) return deb;
    throw new ProdngError(
      'BUILD_FAILED',
      `the build makes no ${wanted}, but ${files.map((file) => basename(file)).join(', ')}`,
    );
  }

  /**
   * A copy of the source as a build sees it, with the lock of the .deb: whatever lock the source has now does not count,
   * and no link of the source is followed.
   */
  async #lockedSource(lockText: string): Promise<string> {
    const copy = join(this.#work, 'source');
    if (this.#count > 1) return copy;
    const tree = await readSourceTree(this.#what.source, 0, [this.#what.name]);
    await extractTar(readTar(sourceTar(tree)), copy, { ownership: 'caller', durable: false });
    await writeBeneath(copy, lockFile, lockText);
    return copy;
  }

  /** Root's builds have no right on the host's /dev/fuse where that is root's alone; others could not even start. */
  async #fuseDevice(folder: string): Promise<string> {
    if (process.getuid?.() !== 0) return fuseDevice;
    const device = join(folder, 'fuse');
    await run(['mknod', '-m', '666', device, 'c', '10', '229']);
    for (const path of [this.#work, folder]) await chmod(path, 0o711);
    return relative(this.#options.paths.cache, device);
  }

  /** Root of the build's namespace must reach it, and own it. */
  async #makeDisk(folder: string): Promise<string> {
    const disk = join(folder, 'disk');
    await mkdir(disk, { mode: 0o700 });
    if (process.getuid?.() !== 0) return disk;
    for (const path of [this.#work, folder]) await chmod(path, 0o711);
    const { uid, gid } = await buildIdMappings();
    const root = (mappings: typeof uid): number => mappings.find(({ inside }) => inside === 0)?.outside ?? 0;
    await chown(disk, root(uid), root(gid));
    return disk;
  }
}

/** What an ordinary user's build leaves belongs to subordinate ids of that user. */
async function removeDisk(disk: string): Promise<void> {
  if (process.getuid?.() !== 0) {
    const namespace = await openUserNamespace();
    try {
      const [file, ...args] = namespace.enter([
        'rm',
        '-rf',
        '--one-file-system',
        'upper',
        'work',
        'unsorted',
      ]);
      await run([file, ...args], { cwd: disk });
    } finally {
      await namespace.close();
    }
  }
  await rm(disk, { recursive: true, force: true });
}

async function unsignedSha256(deb: string): Promise<string> {
  const bytes = await openSignedBytes(deb);
  try {
    return await bytes.unsignedSha256();
  } finally {
    await bytes.close();
  }
}
