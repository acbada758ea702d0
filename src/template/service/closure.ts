import { openDeb } from '../../archive/deb-reader.ts';
import { SliceReader } from '../../archive/slice-reader.ts';
import { packagesFor } from '../../lock/lock.ts';
import { resolveRootfs } from '../../lock/resolve.ts';
import { loadArchives } from '../../store/archive-config.ts';
import { updateArchives } from '../../store/archive-state.ts';
import { openStore, type Store, type UnpackedEntry } from '../../store/store.ts';
import { hostArchitecture } from '../../system/architecture.ts';
import { prodngPaths } from '../../system/paths.ts';
import type { Progress } from '../../system/progress.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Which archives to ask, and where to keep what comes from them. */
export interface ClosureOptions {
  env: Environment;
  /** A deb822 file of archives, instead of the configured ones. */
  sources?: string;
  progress?: Progress;
}

/** One package of a closure and what is in it. */
export interface ClosurePackage {
  name: string;
  version: string;
  /** The name of its source package. */
  source: string;
  sha256: string;
  tar: string;
  /** Paths with /bin, /sbin and /lib merged into /usr. */
  entries: ReadonlyMap<string, UnpackedEntry>;
}

/** A file of a closure, links followed. */
export interface ClosureFile {
  /** Absolute and merged into /usr. */
  path: string;
  mode: number;
  owner: ClosurePackage;
  read(): Buffer;
}

/** What a rootfs of these dependencies would hold, as far as a proposal looks. */
export interface Closure {
  packages: readonly ClosurePackage[];
  package(name: string): ClosurePackage | undefined;
  /** A regular file by its absolute path; undefined when there is none. */
  file(path: string): ClosureFile | undefined;
  /** The maintainer scripts of a package as one text. */
  scripts(item: ClosurePackage): Promise<string>;
  /** The closure with more dependencies: nothing that is here is fetched again. */
  with(more: readonly string[]): Promise<Closure>;
}

/** No file that a proposal reads is larger. */
const mostBytes = 4 * 2 ** 20;
const mostLinks = 20;

/**
 * Fetches what a jail with these dependencies would hold, just as a build would: resolved by apt against signed indices,
 * checked by SHA-256, kept in the store.
 *
 * @param depends relation text
 * @throws ProdngError what loadArchives, updateArchives, resolving and fetching throw
 */
export async function fetchClosure(depends: string, options: ClosureOptions): Promise<Closure> {
  const { env, sources, progress } = options;
  const architecture = hostArchitecture();
  const paths = prodngPaths(env);
  const archives = await loadArchives({
    architecture,
    env,
    ...(sources === undefined ? {} : { sourcesFile: sources }),
  });
  const telling = progress === undefined ? {} : { progress };
  const state = await updateArchives({ archives, architecture, paths, ...telling });
  const store = await openStore(paths);
  const releases = state.releases.map(({ identity }) => identity);
  const fetch = async (relations: string): Promise<Closure> => {
    const empty = {
      format: 1 as const,
      architecture,
      buildDepends: '',
      depends,
      archives: releases,
      packages: [],
    };
    const lock = await resolveRootfs(relations, empty, state);
    const files = packagesFor(lock, 'rootfs');
    await store.fetchAll(files, { archives, releases, ...telling });
    const packages = await Promise.all(files.map((file) => readPackage(store, file)));
    return closureOf(packages, store, (more) => fetch([relations, ...more].join(', ')));
  };
  return await fetch(depends);
}

async function readPackage(
  store: Store,
  { name, version, source, sha256 }: { name: string; version: string; source?: string; sha256: string },
): Promise<ClosurePackage> {
  const { path: tar, entries } = await store.unpackedTar(sha256);
  return {
    name,
    version,
    source: source?.split(' ', 1)[0] ?? name,
    sha256,
    tar,
    entries: new Map(entries.map((entry) => [merged(entry.path), entry])),
  };
}

/** As a merged /usr has it: `lib/x` is `usr/lib/x`. */
function merged(path: string): string {
  return /^(?:bin|sbin|lib(?:32|64|x32)?)(?:\/|$)/.test(path) ? `usr/${path}` : path;
}

function closureOf(
  packages: readonly ClosurePackage[],
  store: Store,
  extend: (more: readonly string[]) => Promise<Closure>,
): Closure {
  const find = (path: string): { owner: ClosurePackage; entry: UnpackedEntry } | undefined => {
    for (const owner of packages) {
      const entry = owner.entries.get(path);
      if (entry !== undefined) return { owner, entry };
    }
    return undefined;
  };
  return {
    packages,
    package: (name) => packages.find((item) => item.name === name),
    file: (path) => {
      const resolved = resolve(path, (place) => {
        const entry = find(place)?.entry;
        return entry?.type === 'symlink' ? entry.linkPath : undefined;
      });
      const found = resolved === undefined ? undefined : find(resolved);
      if (resolved === undefined || found === undefined) return undefined;
      const { owner } = found;
      const entry =
        found.entry.type === 'hardlink' ? owner.entries.get(merged(found.entry.linkPath)) : found.entry;
      if (entry?.type !== 'file') return undefined;
      return { path: `/${resolved}`, mode: entry.mode, owner, read: () => readEntry(owner, entry) };
    },
    scripts: async ({ sha256 }) => {
      const deb = await openDeb(store.debPath(sha256));
      try {
        const files = await deb.controlFiles();
        return ['preinst', 'postinst', 'config']
          .map((name) => files.get(name)?.toString('utf8') ?? '')
          .join('\n');
      } finally {
        await deb.close();
      }
    },
    with: (more) => extend(more),
  };
}

/** A path without links, relative; undefined when they go in a circle. */
function resolve(path: string, linkAt: (path: string) => string | undefined): string | undefined {
  let rest = path.split('/');
  let at: string[] = [];
  for (let links = 0; rest.length > 0; ) {
    const [part = '', ...after] = rest;
    rest = after;
    if (part === '' || part === '.') continue;
    if (part === '..') {
      at.pop();
      continue;
    }
    const place = merged([...at, part].join('/'));
    const target = place === 'var/run' ? '/run' : linkAt(place);
    if (target === undefined) {
      at = place.split('/');
      continue;
    }
    links += 1;
    if (links > mostLinks) return undefined;
    if (target.startsWith('/')) at = [];
    rest = [...target.split('/'), ...rest];
  }
  return at.join('/');
}

function readEntry(owner: ClosurePackage, { offset, size }: UnpackedEntry): Buffer {
  const bytes = Buffer.alloc(Math.min(size, mostBytes));
  const reader = new SliceReader();
  try {
    reader.read({ path: owner.tar, offset, size }, 0, bytes);
  } finally {
    reader.close();
  }
  return bytes;
}
