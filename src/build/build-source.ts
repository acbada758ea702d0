import { dirname, join, resolve } from 'node:path';
import type { Paragraph } from '../control/deb822-types.ts';
import { type JailSource, readJailSource } from '../control/jail-source.ts';
import { ProdngError } from '../error/prodng-error.ts';
import { type Lock, lockFile, packagesFor } from '../lock/lock.ts';
import { readLock } from '../lock/lock-file.ts';
import { lockRootfs, lockSource } from '../lock/lock-source.ts';
import { formatLock } from '../lock/lock-text.ts';
import type { LockedInput } from '../lock/locked-input.ts';
import { assertLockCurrent, checkSatisfied } from '../lock/staleness.ts';
import { OutputFolder } from '../output/output-folder.ts';
import type { Archive } from '../store/archive.ts';
import { openStore, type Store } from '../store/store.ts';
import { hostArchitecture } from '../system/architecture.ts';
import type { Paths } from '../system/paths.ts';
import { quoteForShell } from '../system/process.ts';
import { type Progress, silent } from '../system/progress.ts';
import { type BuildLog, withBuildLog } from './build-log.ts';
import { type AssembledDeb, assembleDeb, debName } from './compose/assemble.ts';
import { jailStanza } from './compose/built-stanza.ts';
import { builtComponent, lockedComponents } from './compose/components.ts';
import { composeRootfs } from './compose/compose.ts';
import { InstalledTree } from './compose/installed-tree.ts';
import { linkerCache } from './compose/linker-cache.ts';
import type { ChangedMode, RootfsTree } from './compose/rootfs-tree.ts';
import { usrMerged } from './compose/usr-merge.ts';
import { type Evidence, writeEvidence } from './evidence/write-evidence.ts';
import { builtControl, handOver } from './hand-over.ts';
import { gatherInputs, lockedInputs } from './inputs/inputs.ts';
import type { BuildLimits } from './jail/build-limits.ts';
import { buildPackage } from './jail/build-package.ts';
import type { BuildVariation } from './jail/build-variation.ts';
import { installPackage } from './jail/install-package.ts';
import { prepareBuildRoot } from './root/build-root.ts';
import { buildRootXz } from './root/build-root-xz.ts';
import { openUserNamespace, type UserNamespace } from './root/user-namespace.ts';
import { pinSource, readSourceTree, withContents } from './source/source-tree.ts';
import { withWorkFolder } from './work-folder.ts';

export interface BuildOptions {
  /** The jail source. */
  dir: string;
  /** Where the results go; the parent folder of the source when it is not said, as dpkg-buildpackage does. */
  output?: string;
  /** Never touch the lock; fail when it does not cover the source. */
  locked: boolean;
  archives: readonly Archive[];
  paths: Paths;
  /** A URI that names who builds, for the provenance. */
  builder?: string;
  /** A terminal for a shell in the build jail, when the build fails. */
  shellOnFailure?: number;
  /** Milliseconds that the build may take. */
  timeout?: number;
  /** Bytes that it may write; half the machine's memory when it is not said. */
  scratch?: number;
  /** What it may use of the host. */
  limits?: BuildLimits;
  /** What surrounds the build, to prove that it does not matter. */
  variation?: BuildVariation;
  progress?: Progress;
  signal?: AbortSignal;
}

export interface BuildResult extends AssembledDeb {
  name: string;
  version: string;
  architecture: string;
  /** The log of the build. */
  log: string;
  /** Whether debian/jail.lock was written. */
  lockWritten: boolean;
  /** The other binary packages of the source, beside it, as dpkg-buildpackage made them. */
  others: string[];
  /** Set-id programs and files of other owners, which a rootfs holds with other permissions than their packages. */
  changedModes: ChangedMode[];
  /** Evidence of the .deb's origin, beside it. */
  evidence: Evidence;
}

/**
 * Builds a jail's .deb from its source: lock, fetch, build root, build, compose, assemble. The results appear whole
 * or not at all.
 *
 * @throws ProdngError of every step; BUILD_FAILED names the log
 */
export async function buildSource(options: BuildOptions): Promise<BuildResult> {
  const source = await readJailSource(options.dir);
  const output = OutputFolder.open(options.output ?? dirname(resolve(options.dir)), true);
  try {
    const namespace = await openUserNamespace();
    try {
      return await withWorkFolder(options.paths, (work) =>
        new Build(options, source, namespace, output, work).run(),
      );
    } finally {
      await namespace.close();
    }
  } finally {
    output.close();
  }
}

class Build {
  readonly #options: BuildOptions;
  readonly #source: JailSource;
  readonly #namespace: UserNamespace;
  readonly #output: OutputFolder;
  readonly #work: string;
  readonly #progress: Progress;
  readonly #architecture = hostArchitecture();

  constructor(
    options: BuildOptions,
    source: JailSource,
    namespace: UserNamespace,
    output: OutputFolder,
    work: string,
  ) {
    this.#options = options;
    this.#source = source;
    this.#namespace = namespace;
    this.#output = output;
    this.#work = work;
    this.#progress = options.progress ?? silent;
  }

  async run(): Promise<BuildResult> {
    const { paths } = this.#options;
    const { packageName: name, version, sourceDateEpoch } = this.#source;
    const store = await openStore(paths);
    const before = await this.#lock();
    const root = await this.#buildRoot(before.lock, store);
    const logName = debName(name, version, this.#architecture).replace(/deb$/, 'build');
    const { built, sourceSha256, inputs } = await withBuildLog(this.#output, logName, (log) =>
      this.#build(root, store, log),
    );
    const { lock, written } = await this.#lockRootfs(before, built);
    const tree = await this.#compose(lock, store, root, built);
    this.#progress.step(`Assembling ${debName(name, version, this.#architecture)}`);
    const { control } = built;
    const common = { tree, control, architecture: this.#architecture, output: this.#output };
    const lockText = formatLock(lock);
    const assembled = await assembleDeb({
      ...common,
      lock: lockText,
      inputs,
      sourceDateEpoch,
      blockCache: join(paths.cache, 'blocks'),
      xz: buildRootXz(lock, this.#namespace, paths.cache, root),
      progress: { ...this.#progress, step() {} },
      ...this.#signal(),
    });
    const { builder } = this.#options;
    const others = await handOver(join(this.#work, 'built'), built.others, this.#output);
    const evidence = await writeEvidence({
      ...common,
      deb: assembled.path,
      others,
      source: this.#source,
      sourceSha256,
      inputs,
      lock,
      lockText,
      ...(builder === undefined ? {} : { builder }),
    });
    const result = { ...assembled, name, version, architecture: this.#architecture };
    const log = join(this.#output.path, logName);
    return { ...result, log, lockWritten: written, others, changedModes: tree.changedModes, evidence };
  }

  async #lock(): Promise<{ lock: Lock; written: boolean }> {
    const { dir, locked } = this.#options;
    if (!locked) return await lockSource(this.#source, this.#state());
    const lock = await readLock({ root: dir, name: lockFile });
    assertLockCurrent(lock, this.#source, this.#architecture);
    return { lock, written: false };
  }

  async #buildRoot(lock: Lock, store: Store): Promise<string> {
    // what the rootfs needs by the lock is fetched in the same go
    await this.#fetch(lock, store);
    const { paths } = this.#options;
    return await prepareBuildRoot({
      lock,
      store,
      paths,
      namespace: this.#namespace,
      progress: this.#progress,
      ...this.#signal(),
    });
  }

  async #fetch(lock: Lock, store: Store): Promise<void> {
    const { archives } = this.#options;
    const options = { archives, releases: lock.archives, progress: this.#progress, ...this.#signal() };
    await store.fetchAll(lock.packages, options);
  }

  async #build(
    root: string,
    store: Store,
    log: BuildLog,
  ): Promise<{ built: BuiltPackage; sourceSha256: string; inputs: LockedInput[] }> {
    const { sourceName, packageName, version, sourceDateEpoch } = this.#source;
    const { dir, shellOnFailure, timeout, scratch, limits, variation } = this.#options;
    const { tree, sha256 } = await pinSource(await readSourceTree(dir, sourceDateEpoch, [packageName]));
    const inputs = await gatherInputs(dir, this.#source.declaration.inputs, {
      store: store.folder,
      sourceDateEpoch,
      progress: this.#progress,
      ...this.#signal(),
    });
    this.#progress.step(`Building ${sourceName} ${version} in a build jail`);
    try {
      const names = await buildPackage({
        namespace: this.#namespace,
        cache: this.#options.paths.cache,
        root,
        source: withContents(tree, inputs.replaced),
        inputs: inputs.files,
        env: inputs.env,
        sourceName,
        version,
        sourceDateEpoch,
        output: join(this.#work, 'built'),
        log: log.write,
        ...(shellOnFailure === undefined ? {} : { shellOnFailure }),
        ...(timeout === undefined ? {} : { timeout }),
        ...(scratch === undefined ? {} : { scratch }),
        ...(limits === undefined ? {} : { limits }),
        ...(variation === undefined ? {} : { variation }),
        ...this.#signal(),
      });
      const built = await readBuilt(join(this.#work, 'built'), names, this.#source, this.#architecture);
      const digests = await lockedInputs(inputs.pinned, store.folder);
      return { built, sourceSha256: sha256, inputs: digests };
    } catch (error) {
      if (!(error instanceof ProdngError) || error.code !== 'BUILD_FAILED') throw error;
      throw new ProdngError('BUILD_FAILED', error.message, {
        hint: `the whole log: ${log.path}; to inspect the jail at that point: prodng build --shell-on-failure ${quoteForShell(dir)}`,
        cause: error,
      });
    }
  }

  async #lockRootfs(
    before: { lock: Lock; written: boolean },
    built: BuiltPackage,
  ): Promise<{ lock: Lock; written: boolean }> {
    const { compose } = this.#source.declaration;
    const { dir, locked } = this.#options;
    if (locked) {
      checkSatisfied(built.depends, before.lock, compose);
      return before;
    }
    const { lock, written } = await lockRootfs(dir, built.depends, before.lock, this.#state(), compose);
    return { lock, written: written || before.written };
  }

  async #compose(lock: Lock, store: Store, root: string, built: BuiltPackage) {
    await this.#fetch(lock, store);
    const packages = packagesFor(lock, 'rootfs');
    this.#progress.step(`Composing the rootfs of ${packages.length} packages`);
    const components = await lockedComponents(packages, store, (done) =>
      this.#progress.advance(done, packages.length, 'files'),
    );
    const { packageName, version, declaration } = this.#source;
    components.push(await builtComponent(built.deb, packageName, version, join(this.#work, 'built.tar')));
    const tree = await composeRootfs(components, declaration, async (unpacked) => {
      if (declaration.compose === 'install') await this.#install(unpacked, lock, store, built);
    });
    const cache = await linkerCache(tree, {
      namespace: this.#namespace,
      cache: this.#options.paths.cache,
      root,
      ...this.#signal(),
    });
    if (cache !== undefined) tree.addFile('etc/ld.so.cache', cache);
    return tree;
  }

  async #install(tree: RootfsTree, lock: Lock, store: Store, built: BuiltPackage): Promise<void> {
    const { paths, timeout, scratch, limits } = this.#options;
    const { packageName, declaration, sourceDateEpoch } = this.#source;
    const common = { lock, store, paths, namespace: this.#namespace, progress: this.#progress };
    const root = await prepareBuildRoot({ ...common, use: 'install', ...this.#signal() });
    const others = packagesFor(lock, 'install').filter(({ use }) => !use.includes('rootfs'));
    const elsewhere = await lockedComponents(others, store);
    this.#progress.step(`Running the maintainer scripts of ${packageName}`);
    const installed = new InstalledTree(tree, {
      elsewhere: new Set(elsewhere.flatMap(({ entries }) => entries.map(({ path }) => usrMerged(path)))),
      declaration,
      sourceDateEpoch,
      spool: join(this.#work, 'installed'),
    });
    await installPackage({
      namespace: this.#namespace,
      cache: paths.cache,
      root,
      deb: built.deb,
      sourceDateEpoch,
      output: (entries) => installed.lay(entries),
      ...(timeout === undefined ? {} : { timeout }),
      ...(scratch === undefined ? {} : { scratch }),
      ...(limits === undefined ? {} : { limits }),
      ...this.#signal(),
    });
  }

  #state() {
    const { archives, paths } = this.#options;
    return { archives, paths, architecture: this.#architecture, progress: this.#progress, ...this.#signal() };
  }

  #signal(): { signal?: AbortSignal } {
    return this.#options.signal === undefined ? {} : { signal: this.#options.signal };
  }
}

interface BuiltPackage {
  deb: string;
  /** The control stanza of the jail, from the source. */
  control: Paragraph;
  /** Depends and Pre-Depends. */
  depends: string;
  /** File names of the other packages; without those with debug symbols, which no stanza declares. */
  others: string[];
}

async function readBuilt(
  folder: string,
  names: readonly string[],
  source: JailSource,
  architecture: string,
): Promise<BuiltPackage> {
  const { packageName, version } = source;
  const expected = [architecture, 'all'].map((each) => debName(packageName, version, each));
  const name = names.find((item) => expected.includes(item));
  if (name === undefined)
    throw new ProdngError('BUILD_FAILED', `the build made no ${expected.join(' and no ')}`);
  const deb = join(folder, name);
  const control = await builtControl(deb, name);
  const depends = ['Pre-Depends', 'Depends'].flatMap((field) => control.get(field)?.trim() || []).join(', ');
  const others = names
    .filter((item) => /\.u?deb$/.test(item) && item !== name && !item.includes('-dbgsym_'))
    .sort();
  return { deb, control: jailStanza(control, source, architecture), depends, others };
}
