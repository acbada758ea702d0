import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SegmentEntry } from '../../archive/segment.ts';
import { errnoOf, ProdngError } from '../../error/prodng-error.ts';
import { writeFileAtomic } from '../../system/atomic-file.ts';
import { runInBuildJail } from '../jail/build-jail.ts';
import { builderId } from '../jail/build-spec.ts';
import type { UserNamespace } from '../root/user-namespace.ts';
import { rootfsSegments } from './compose.ts';
import { entriesTar } from './entries-tar.ts';
import type { RootfsTree } from './rootfs-tree.ts';

export interface LinkerCacheOptions {
  namespace: UserNamespace;
  cache: string;
  /** The build root whose ldconfig is used, relative to the cache folder. */
  root: string;
  signal?: AbortSignal;
}

const script = `umask 022
tar -C /build -xf - && cd /build/r && mkdir -p etc &&
/sbin/ldconfig -X -r /build/r -f /etc/ld.so.conf -C /etc/ld.so.cache && cat etc/ld.so.cache
`;

/** Input of the dynamic linker's cache: libraries, the links to them, and the search path. */
const relevant = /\.so(?:\.[^/]+)?$|^r\/etc\/ld\.so\.conf(?:$|\.d\/)/;

/**
 * Makes /etc/ld.so.cache of a rootfs with ldconfig(8) of the locked build root, in a build jail. It is kept by what
 * it was made from.
 *
 * @returns undefined for a rootfs without shared libraries
 * @throws ProdngError COMPOSE when ldconfig fails
 */
export async function linkerCache(
  tree: RootfsTree,
  options: LinkerCacheOptions,
): Promise<Buffer | undefined> {
  const entries = libraryEntries(tree);
  if (!entries.some(({ entry }) => entry.type === 'file' && entry.path.includes('.so'))) return undefined;
  const hash = createHash('sha256').update(options.root);
  for await (const chunk of entriesTar(entries)) hash.update(chunk);
  const folder = join(options.cache, 'linker-caches');
  const kept = join(folder, hash.digest('hex'));
  try {
    return await readFile(kept);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
  const made = await runLdconfig(entries, options);
  await mkdir(folder, { recursive: true });
  await writeFileAtomic(kept, made);
  return made;
}

function libraryEntries(tree: RootfsTree): SegmentEntry[] {
  const all = rootfsSegments(tree, 'r', 0);
  const root: SegmentEntry = {
    entry: {
      path: 'r',
      type: 'directory',
      mode: 0o755,
      uid: 0,
      gid: 0,
      uname: '',
      gname: '',
      mtime: 0,
      size: 0,
      linkPath: '',
    },
  };
  const wanted = all.flatMap(({ entries }) =>
    entries.filter(
      ({ entry }) => entry.type === 'directory' || isTopLink(entry.path) || relevant.test(entry.path),
    ),
  );
  return [root, ...wanted];
}

function isTopLink(path: string): boolean {
  return /^r\/lib[^/]*$/.test(path);
}

async function runLdconfig(
  entries: readonly SegmentEntry[],
  { namespace, cache, root, signal }: LinkerCacheOptions,
): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let said = '';
  const status = await runInBuildJail({
    namespace,
    cache,
    root,
    process: {
      argv: ['sh', '-u', '-c', script],
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8' },
      uid: builderId,
    },
    input: entriesTar(entries),
    output: async (stdout) => {
      for await (const chunk of stdout as AsyncIterable<Buffer>) pieces.push(chunk);
    },
    log: (chunk) => {
      said += chunk.toString();
    },
    ...(signal === undefined ? {} : { signal }),
  });
  if (status === 0) return Buffer.concat(pieces);
  throw new ProdngError('COMPOSE', `ldconfig failed for the rootfs: ${said.trim().slice(-2000)}`);
}
