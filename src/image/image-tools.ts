import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { SegmentEntry } from '../archive/segment.ts';
import { readTar } from '../archive/tar-reader.ts';
import { rootfsSegments } from '../build/compose/compose.ts';
import { entriesTar } from '../build/compose/entries-tar.ts';
import type { RootfsTree } from '../build/compose/rootfs-tree.ts';
import { runInBuildJail } from '../build/jail/build-jail.ts';
import { builderId } from '../build/jail/build-spec.ts';
import type { UserNamespace } from '../build/root/user-namespace.ts';
import { ProdngError } from '../error/prodng-error.ts';
import { initSources } from './init-sources.ts';

/** Where the tools of an image's build run: the locked build root, in a throwaway jail. */
export interface ImageTools {
  namespace: UserNamespace;
  cache: string;
  /** The build root, relative to the cache folder. */
  root: string;
  signal?: AbortSignal;
}

/** What depmod(8) finds out, and the program that is PID 1. */
export interface MadeFiles {
  init: Buffer;
  /** By name: modules.dep, modules.alias.bin and the like. */
  moduleIndices: Map<string, Buffer>;
}

/** musl, as it gives the smallest static program; -idirafter for the kernel's headers, which musl-gcc does not look for. */
const compile = `umask 022
tar -C /build -xf - && cd /build/init &&
musl-gcc -static -Os -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -fno-asynchronous-unwind-tables \\
  -fstack-protector-strong -idirafter /usr/include -idirafter /usr/include/x86_64-linux-gnu \\
  -Wl,--build-id=none -Wl,-z,noexecstack -s -o ../out-init *.c >&2 &&
cd /build/r && depmod -b . "$1" >&2 && mv /build/out-init usr/lib/modules/"$1"/init &&
cd usr/lib/modules/"$1" && tar -cf - init modules.*
`;

/**
 * Compiles PID 1 and indexes the kernel's modules.
 *
 * @throws ProdngError BUILD_FAILED with what the tools said
 */
export async function compileAndIndex(
  tree: RootfsTree,
  release: string,
  tools: ImageTools,
): Promise<MadeFiles> {
  const modules = rootfsSegments(tree, 'r', 0)
    .flatMap(({ entries }) => entries)
    .filter(({ entry }) => entry.type === 'directory' || entry.path.startsWith('r/usr/lib/modules/'))
    .filter(({ entry }) => /^r\/usr(?:\/lib(?:\/modules(?:\/.*)?)?)?$/.test(entry.path));
  const sources = [...initSources()].map(([name, content]) => fileEntry(`init/${name}`, content));
  const entries: SegmentEntry[] = [
    folderEntry('r'),
    { entry: { ...folderEntry('r/lib').entry, type: 'symlink', mode: 0o777, linkPath: 'usr/lib' } },
    ...modules,
    folderEntry('init'),
    ...sources,
  ];
  const files = new Map<string, Buffer>();
  await runTool(
    ['sh', '-u', '-c', compile, 'prodng-image', release],
    entriesTar(entries),
    tools,
    async (stdout) => {
      for await (const { entry, content } of readTar(stdout)) {
        const pieces: Uint8Array[] = [];
        for await (const piece of content) pieces.push(Buffer.from(piece));
        if (entry.type === 'file') files.set(entry.path, Buffer.concat(pieces));
      }
    },
  );
  const init = files.get('init');
  if (init === undefined) throw new ProdngError('BUILD_FAILED', 'the build of PID 1 gives no program');
  files.delete('init');
  return { init, moduleIndices: files };
}

/**
 * Makes the squashfs of a root, with all times alike: what only differs in time differs in no byte.
 *
 * @param path where it goes
 */
export async function makeSquashfs(
  tree: RootfsTree,
  date: number,
  path: string,
  tools: ImageTools,
): Promise<void> {
  const entries = rootfsSegments(tree, '.', date).flatMap((segment) => segment.entries);
  const plain = entries.map(({ entry, ...rest }) => ({
    entry: { ...entry, path: entry.path.slice(2) },
    ...rest,
  }));
  for (const { entry } of plain)
    if (entry.type === 'hardlink') entry.linkPath = entry.linkPath.replace(/^\.\//, '');
  const script = `umask 022; cd /build &&
mksquashfs - root -tar -quiet -no-progress -noappend -no-xattrs -reproducible -comp zstd -Xcompression-level "$1" \\
  -b 256K -root-mode 0755 -root-uid 0 -root-gid 0 -root-time "$2" -all-time "$2" -mkfs-time "$2" >&2 && cat root`;
  await runTool(
    ['sh', '-u', '-c', script, 'prodng-image', '9', String(date)],
    entriesTar([folderEntry('.'), ...plain]),
    tools,
    (stdout) => pipeline(stdout, createWriteStream(path)),
  );
}

/** Compresses with zstd(1) of the build root; the number of threads does not change the bytes. */
export async function compressZstd(bytes: Buffer, tools: ImageTools): Promise<Buffer> {
  const pieces: Buffer[] = [];
  const once = async function* (): AsyncGenerator<Uint8Array> {
    yield bytes;
  };
  await runTool(['zstd', '-q', '-19', '-T1', '--no-check', '-c'], once(), tools, async (stdout) => {
    for await (const piece of stdout as AsyncIterable<Buffer>) pieces.push(piece);
  });
  return Buffer.concat(pieces);
}

async function runTool(
  argv: readonly string[],
  input: AsyncIterable<Uint8Array>,
  { namespace, cache, root, signal }: ImageTools,
  output: (stdout: import('node:stream').Readable) => Promise<void>,
): Promise<void> {
  let said = '';
  const status = await runInBuildJail({
    namespace,
    cache,
    root,
    process: {
      argv,
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8', TZ: 'UTC' },
      uid: builderId,
    },
    input,
    output,
    log: (chunk) => {
      said = (said + chunk.toString()).slice(-4000);
    },
    ...(signal === undefined ? {} : { signal }),
  });
  if (status !== 0)
    throw new ProdngError(
      'BUILD_FAILED',
      `${argv[0] === 'sh' ? 'a tool' : argv[0]} of the image's build failed:\n${said.trim()}`,
    );
}

function folderEntry(path: string): SegmentEntry {
  return { entry: { ...common(path), type: 'directory', mode: 0o755 } };
}

function fileEntry(path: string, content: Buffer): SegmentEntry {
  return { entry: { ...common(path), type: 'file', mode: 0o644, size: content.length }, content };
}

function common(path: string) {
  return { path, uid: 0, gid: 0, uname: '', gname: '', mtime: 0, size: 0, linkPath: '' };
}
