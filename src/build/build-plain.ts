import { dirname, join, resolve } from 'node:path';
import { ProdngError } from '../error/prodng-error.ts';
import type { Lock } from '../lock/lock.ts';
import { lockPath, readLock } from '../lock/lock-file.ts';
import { lockRelations } from '../lock/lock-source.ts';
import { assertBuildRootCurrent } from '../lock/staleness.ts';
import { OutputFolder } from '../output/output-folder.ts';
import { openStore } from '../store/store.ts';
import { hostArchitecture } from '../system/architecture.ts';
import { quoteForShell } from '../system/process.ts';
import { silent } from '../system/progress.ts';
import { type BuildLog, withBuildLog } from './build-log.ts';
import type { BuildOptions } from './build-source.ts';
import { handOver } from './hand-over.ts';
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
  const source = await readPlainSource(options.dir);
  const output = OutputFolder.open(options.output ?? dirname(resolve(options.dir)), true);
  try {
    return await buildTo(output, source, options);
  } finally {
    output.close();
  }
}

async function buildTo(
  output: OutputFolder,
  source: PlainSource,
  options: BuildOptions,
): Promise<PlainBuildResult> {
  const { paths, progress = silent } = options;
  const { name, version } = source;
  const architecture = hostArchitecture();
  const logName = `${name}_${withoutEpoch(version)}_${architecture}.build`;
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
      const names = await withBuildLog(output, logName, (log) =>
        build(source, tree, options, { namespace, root, work, log }),
      );
      const files = await handOver(join(work, 'built'), names, output);
      const common = { name, version, architecture, files, log: join(output.path, logName) };
      return { ...common, lock: lockPath(source.lock), lockWritten: written };
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
    assertBuildRootCurrent(lock, source, architecture, lockPath(source.lock));
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
  log: BuildLog;
}

async function build(
  source: PlainSource,
  tree: SourceTree,
  options: BuildOptions,
  place: Place,
): Promise<string[]> {
  const { shellOnFailure, timeout, scratch, limits, signal, paths, variation } = options;
  const { namespace, root, work, log } = place;
  try {
    return await buildPackage({
      namespace,
      cache: paths.cache,
      root,
      source: tree,
      sourceName: source.name,
      version: source.version,
      output: join(work, 'built'),
      log: log.write,
      ...(source.dsc === undefined ? {} : { dsc: source.dsc }),
      ...(source.sourceDateEpoch === undefined ? {} : { sourceDateEpoch: source.sourceDateEpoch }),
      ...(shellOnFailure === undefined ? {} : { shellOnFailure }),
      ...(timeout === undefined ? {} : { timeout }),
      ...(scratch === undefined ? {} : { scratch }),
      ...(limits === undefined ? {} : { limits }),
      ...(variation === undefined ? {} : { variation }),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    if (!(error instanceof ProdngError) || error.code !== 'BUILD_FAILED') throw error;
    throw new ProdngError('BUILD_FAILED', error.message, {
      hint: `the whole log: ${log.path}; to inspect the jail at that point: prodng build --plain --shell-on-failure ${quoteForShell(options.dir)}`,
      cause: error,
    });
  }
}
