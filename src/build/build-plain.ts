import { createWriteStream } from 'node:fs';
import { copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { ProdngError } from '../error/prodng-error.ts';
import type { Lock } from '../lock/lock.ts';
import { readLock } from '../lock/lock-file.ts';
import { lockRelations } from '../lock/lock-source.ts';
import { assertBuildRootCurrent } from '../lock/staleness.ts';
import { openStore } from '../store/store.ts';
import { hostArchitecture } from '../system/architecture.ts';
import { quoteForShell } from '../system/process.ts';
import { silent } from '../system/progress.ts';
import type { BuildOptions } from './build-source.ts';
import { buildPackage } from './jail/build-package.ts';
import { prepareBuildRoot } from './root/build-root.ts';
import { openUserNamespace } from './root/user-namespace.ts';
import { type PlainSource, readPlainSource, withoutEpoch } from './source/plain-source.ts';
import type { SourceTree } from './source/source-tree.ts';
import { withWorkFolder } from './work-folder.ts';

export interface PlainBuildResult {
  name: string;
  version: string;
  architecture: string;
  /** Paths of the .debs, the .buildinfo and the .changes. */
  files: string[];
  /** The log of the build. */
  log: string;
  /** The lock, and whether it was written. */
  lock: string;
  lockWritten: boolean;
}

/**
 * Builds any Debian source package as it is in a throwaway jail: no network, no host file, only the locked packages.
 * No jail is composed. The results appear in the output folder, the .changes last.
 *
 * @param options `dir` may also be a .dsc
 * @throws ProdngError of every step; BUILD_FAILED names the log
 */
export async function buildPlain(options: BuildOptions): Promise<PlainBuildResult> {
  const { paths, progress = silent } = options;
  const source = await readPlainSource(options.dir);
  const { name, version } = source;
  const output = options.output ?? dirname(resolve(options.dir));
  await mkdir(output, { recursive: true });
  const architecture = hostArchitecture();
  const log = join(output, `${name}_${withoutEpoch(version)}_${architecture}.build`);
  return await withWorkFolder(paths, async (work) => {
    const tree = await source.files(join(work, 'source'));
    const { lock, written } = await lockFor(source, architecture, options);
    const signal = options.signal === undefined ? {} : { signal: options.signal };
    const store = await openStore(paths);
    const { archives } = options;
    await store.fetchAll(lock.packages, { archives, releases: lock.archives, progress, ...signal });
    const namespace = await openUserNamespace();
    try {
      const root = await prepareBuildRoot({ lock, store, paths, namespace, progress, ...signal });
      progress.step(`Building ${name} ${version} in a build jail`);
      const names = await build(source, tree, options, { namespace, root, work, log });
      const files = await handOver(join(work, 'built'), names, output);
      return { name, version, architecture, files, log, lock: source.lock, lockWritten: written };
    } finally {
      await namespace.close();
    }
  });
}

async function lockFor(
  source: PlainSource,
  architecture: string,
  { locked, archives, paths, progress, signal }: BuildOptions,
): Promise<{ lock: Lock; written: boolean }> {
  if (locked) {
    const lock = await readLock(source.lock);
    assertBuildRootCurrent(lock, source, architecture, source.lock);
    return { lock, written: false };
  }
  return await lockRelations(source, source.lock, {
    archives,
    paths,
    architecture,
    ...(progress === undefined ? {} : { progress }),
    ...(signal === undefined ? {} : { signal }),
  });
}

interface Place {
  namespace: Awaited<ReturnType<typeof openUserNamespace>>;
  root: string;
  work: string;
  log: string;
}

async function build(
  source: PlainSource,
  tree: SourceTree,
  options: BuildOptions,
  place: Place,
): Promise<string[]> {
  const { shellOnFailure, timeout, scratch, signal, paths, variation } = options;
  const { namespace, root, work, log } = place;
  const file = createWriteStream(log);
  try {
    return await buildPackage({
      namespace,
      cache: paths.cache,
      root,
      source: tree,
      sourceName: source.name,
      version: source.version,
      output: join(work, 'built'),
      log: (chunk) => file.write(chunk),
      ...(source.dsc === undefined ? {} : { dsc: source.dsc }),
      ...(source.sourceDateEpoch === undefined ? {} : { sourceDateEpoch: source.sourceDateEpoch }),
      ...(shellOnFailure === undefined ? {} : { shellOnFailure }),
      ...(timeout === undefined ? {} : { timeout }),
      ...(scratch === undefined ? {} : { scratch }),
      ...(variation === undefined ? {} : { variation }),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    if (!(error instanceof ProdngError) || error.code !== 'BUILD_FAILED') throw error;
    throw new ProdngError('BUILD_FAILED', error.message, {
      hint: `the whole log: ${log}; to look around in the jail as it stands then: prodng build --plain --shell-on-failure ${quoteForShell(options.dir)}`,
      cause: error,
    });
  } finally {
    await new Promise<void>((done) => file.end(done));
  }
}

/** Each file is whole when it can be seen; the .changes, which names the others, comes last. */
async function handOver(from: string, names: readonly string[], output: string): Promise<string[]> {
  const isChanges = (name: string) => name.endsWith('.changes');
  const ordered = [...names.filter((name) => !isChanges(name)).sort(), ...names.filter(isChanges)];
  const paths: string[] = [];
  for (const name of ordered) {
    const path = join(output, name);
    const temporary = join(output, `.${name}.new`);
    try {
      await copyFile(join(from, name), temporary);
      await rename(temporary, path);
    } finally {
      await rm(temporary, { force: true });
    }
    paths.push(path);
  }
  return paths;
}
