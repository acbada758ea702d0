import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { lockedComponents } from '../build/compose/components.ts';
import { linkerCache } from '../build/compose/linker-cache.ts';
import type { RootfsTree } from '../build/compose/rootfs-tree.ts';
import { localBuilder } from '../build/evidence/provenance.ts';
import { prepareBuildRoot } from '../build/root/build-root.ts';
import { openUserNamespace, type UserNamespace } from '../build/root/user-namespace.ts';
import { withWorkFolder } from '../build/work-folder.ts';
import { ProdngError } from '../error/prodng-error.ts';
import { type Lock, packagesFor } from '../lock/lock.ts';
import { formatLock } from '../lock/lock-text.ts';
import type { Archive } from '../store/archive.ts';
import { openStore, type Store } from '../store/store.ts';
import type { Paths } from '../system/paths.ts';
import { type Progress, silent } from '../system/progress.ts';
import { composeImage } from './compose-image.ts';
import { type ImageEvidence, writeImageEvidence } from './image-evidence.ts';
import type { ImageDeclaration } from './image-schema.ts';
import { imageFile, readImageSource } from './image-source.ts';
import { compileAndIndex, compressZstd, type ImageTools, makeSquashfs } from './image-tools.ts';
import { contentOf, makeInitrd } from './initrd.ts';
import { currentImageLock } from './lock-image.ts';
import { formatManifest, type ImageManifest } from './manifest.ts';
import { writeSlot } from './slot.ts';
import { readSourceFile } from './source-file.ts';
import { commandLineOf, makeUki, stubPath } from './uki.ts';
import { verityTree } from './verity.ts';

export interface BuildImageOptions {
  /** The image source. */
  dir: string;
  /** Where the results go (default: the parent folder of the source). */
  output?: string;
  archives: readonly Archive[];
  paths: Paths;
  /** A URI that names who builds, for the provenance. */
  builder?: string;
  progress?: Progress;
  signal?: AbortSignal;
}

export interface ImageResult extends ImageEvidence {
  /** The slot image. */
  path: string;
  size: number;
  sha256: string;
  manifest: ImageManifest;
}

/**
 * Builds the slot image of an image source: fetch, compose, squashfs, hash tree, initrd, UKI, FAT. What runs of it runs
 * in the locked build root, in a throwaway jail; what packages ship is copied and never executed. Each result appears
 * whole or not at all; the evidence follows the slot that it names.
 *
 * @throws ProdngError CONFIG, LOCK_MISSING, LOCK_OUTDATED, COMPOSE, IMAGE, BUILD_FAILED, and of fetching
 */
export async function buildImage(options: BuildImageOptions): Promise<ImageResult> {
  const image = readImageSource(options.dir);
  const lock = await currentImageLock(options.dir, image);
  const output = options.output ?? dirname(resolve(options.dir));
  await mkdir(output, { recursive: true });
  const store = await openStore(options.paths);
  const { archives, progress = silent, signal } = options;
  const common = { progress, ...(signal === undefined ? {} : { signal }) };
  await store.fetchAll(lock.packages, { archives, releases: lock.archives, ...common });
  const namespace = await openUserNamespace();
  try {
    return await withWorkFolder(options.paths, (work) =>
      build({ options, image, lock, output, store, namespace, work, progress }),
    );
  } finally {
    await namespace.close();
  }
}

interface ImageBuild {
  options: BuildImageOptions;
  image: ImageDeclaration;
  lock: Lock;
  output: string;
  store: Store;
  namespace: UserNamespace;
  work: string;
  progress: Progress;
}

async function build(context: ImageBuild): Promise<ImageResult> {
  const { options, image, lock, output, store, namespace, work, progress } = context;
  const { paths, signal } = options;
  const given = signal === undefined ? {} : { signal };
  const root = await prepareBuildRoot({ lock, store, paths, namespace, progress, ...given });
  const tools: ImageTools = { namespace, cache: paths.cache, root, ...given };
  const packages = packagesFor(lock, 'rootfs');
  progress.step(`Composing the root of ${packages.length} packages`);
  const components = await lockedComponents(packages, store, (done) =>
    progress.advance(done, packages.length, 'files'),
  );
  const { tree, release, kernel } = await composeImage(options.dir, image, components);
  const cache = await linkerCache(tree, tools);
  if (cache !== undefined) tree.addFile('etc/ld.so.cache', cache);
  const made = await compileAndIndex(tree, release, tools);
  for (const [name, content] of made.moduleIndices) {
    const path = `usr/lib/modules/${release}/${name}`;
    tree.nodes.delete(path);
    tree.addFile(path, content);
  }
  const date = lockDate(lock);
  progress.step('Making the squashfs and its hash tree');
  const squashfs = join(work, 'root.squashfs');
  await makeSquashfs(tree, date, squashfs, tools);
  const { rootHash, dataBlocks, tree: hashes } = await verityTree(createReadStream(squashfs));
  const dependencies = made.moduleIndices.get('modules.dep')?.toString('utf8') ?? '';
  const { initrdModules } = image.kernel;
  const initrd = await compressZstd(
    await makeInitrd(tree, release, made.init, dependencies, initrdModules),
    tools,
  );
  const commandLine = commandLineOf(image, rootHash);
  const uki = makeUki({
    stub: await stubOf(lock, store),
    osRelease: await contentOf(tree, 'etc/os-release'),
    commandLine,
    kernel,
    initrd,
  });
  const kernelPackage = packages.find(({ name }) => name === `linux-image-${release}`);
  const imageText = readSourceFile(options.dir, imageFile);
  const lockText = formatLock(lock);
  const { bytes, files } = measure(tree);
  const hashBlocks = hashes.length / 4096;
  const manifest: ImageManifest = {
    format: 1,
    name: image.name,
    version: image.version,
    architecture: image.architecture,
    date,
    debug: image.debug,
    slotSize: image.slotSize,
    kernel: {
      package: kernelPackage?.name ?? '',
      version: kernelPackage?.version ?? '',
      release,
      commandLine,
    },
    root: { hash: rootHash, dataBlocks, hashBlocks, bytes, files },
    uki: { size: uki.length, sha256: sha256(uki) },
    initrd: { size: initrd.length, sha256: sha256(initrd) },
    source: { image: sha256(imageText), lock: sha256(lockText) },
    packages: packages.map(({ name, version, architecture, sha256: digest }) => ({
      name,
      version,
      architecture,
      sha256: digest,
    })),
  };
  progress.step('Writing the slot image');
  const stem = join(output, `${image.name}_${image.version}_${image.architecture}`);
  const path = `${stem}.slot`;
  const slot = await writeSlot(path, {
    slotSize: image.slotSize,
    date,
    root: { hash: rootHash, dataBlocks, hashBlocks },
    rootBytes: async function* () {
      yield* createReadStream(squashfs, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>;
      yield hashes;
    },
    manifest: Buffer.from(formatManifest(manifest)),
    signature: Buffer.alloc(0),
    uki,
  });
  const evidence = await writeImageEvidence({
    slot: path,
    stem,
    image,
    lock,
    tree,
    date,
    imageSha256: sha256(imageText),
    lockSha256: sha256(lockText),
    builder: options.builder ?? localBuilder,
  });
  return { path, ...slot, manifest, ...evidence };
}

async function stubOf(lock: Lock, store: Store): Promise<Buffer> {
  const locked = packagesFor(lock, 'build').find(({ name }) => name === 'systemd-boot-efi');
  if (locked === undefined) throw new ProdngError('LOCK_OUTDATED', 'the lock has no systemd-boot-efi');
  const { path, entries } = await store.unpackedTar(locked.sha256);
  const entry = entries.find((each) => each.path === stubPath);
  if (entry === undefined)
    throw new ProdngError('IMAGE', `${locked.name} ${locked.version} has no /${stubPath}`);
  const pieces: Buffer[] = [];
  const range = { start: entry.offset, end: entry.offset + entry.size - 1 };
  for await (const piece of createReadStream(path, range) as AsyncIterable<Buffer>) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** Seconds: the newest of the archives, so that no file of a package is younger. */
function lockDate({ archives }: Lock): number {
  return Math.max(0, ...archives.map(({ date }) => Math.floor(Date.parse(date) / 1000)));
}

function measure(tree: RootfsTree): { bytes: number; files: number } {
  const seen = new Set<object>();
  let bytes = 0;
  for (const node of tree.nodes.values()) {
    if (node.type !== 'file' || seen.has(node.file)) continue;
    seen.add(node.file);
    bytes += node.file.size;
  }
  return { bytes, files: tree.nodes.size };
}

function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
