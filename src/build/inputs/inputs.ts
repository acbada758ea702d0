import { join } from 'node:path';
import type { TarEntry } from '../../archive/entry.ts';
import type { JailInput } from '../../control/jail-declaration.ts';
import type { LockedInput } from '../../lock/locked-input.ts';
import { digestOf, fetchUrls, type PinnedUrl, pinnedPath } from '../../store/fetch-url.ts';
import type { Progress } from '../../system/progress.ts';
import { builderId } from '../jail/build-spec.ts';
import type { SourceEntry, SourceTree } from '../source/source-tree.ts';
import { parseNpmLock } from './npm-lock.ts';
import { npmRegistry, readPackageLock } from './npm-registry.ts';

/** Where the npm packages of a package-lock.json are, seen from the source: what npm installs names this place. */
const npmFolder = '../npm';

/** A pinned file, and what is known of it. */
export interface PinnedInput extends PinnedUrl {
  facts: Pick<LockedInput, 'name' | 'version' | 'licence'>;
}

/** What a build gets beside its source and its build root. */
export interface BuildInputs {
  /** Every file, by the digest that pins it. */
  pinned: readonly PinnedInput[];
  /** Beside the source, which is in /build. */
  files: SourceTree;
  /** The build's own form of files of the source, by their path in it. */
  replaced: ReadonlyMap<string, Buffer>;
  /** For the build's environment. */
  env: Readonly<Record<string, string>>;
}

export interface InputsOptions {
  /** The store's folder. */
  store: string;
  /** Seconds: the time of every file. */
  sourceDateEpoch: number;
  progress?: Progress;
  signal?: AbortSignal;
}

/**
 * Brings the inputs of a source that are no Debian packages into the store: its `Jail-Inputs`, and what its
 * package-lock.json pins.
 *
 * @throws ProdngError CONFIG, and what fetchUrls throws
 */
export async function gatherInputs(
  dir: string,
  declared: readonly JailInput[],
  options: InputsOptions,
): Promise<BuildInputs> {
  const { pinned, places, replaced } = await pinnedInputs(dir, declared);
  const sizes = await fetchUrls(options.store, pinned, options);
  const files = pinned.flatMap((file, index) =>
    (places[index] ?? []).map((path) => ({
      path,
      file: pinnedPath(options.store, file),
      size: sizes[index] ?? 0,
    })),
  );
  return {
    pinned,
    files: treeOf(files, options.sourceDateEpoch),
    replaced,
    env: replaced.size === 0 ? {} : npmEnvironment,
  };
}

/** Every input as evidence names it; all must be in the store. */
export async function lockedInputs(pinned: readonly PinnedInput[], store: string): Promise<LockedInput[]> {
  return await Promise.all(
    pinned.map(async (file) => {
      const sha256 =
        file.algorithm === 'sha256' ? file.digest : await digestOf(pinnedPath(store, file), 'sha256');
      const sha512 = file.algorithm === 'sha512' ? { sha512: file.digest } : {};
      return { uri: file.uri, ...file.facts, sha256, ...sha512 };
    }),
  );
}

/** For npm of the build root, any version: it asks no registry, and writes only where a build may. */
const npmEnvironment = {
  npm_config_offline: 'true',
  npm_config_cache: '/tmp/.npm',
  npm_config_audit: 'false',
  npm_config_fund: 'false',
  npm_config_update_notifier: 'false',
};

/**
 * Names what a source pins, without fetching it.
 *
 * @returns each file once; `places` are the paths of each beside the source
 */
export async function pinnedInputs(
  dir: string,
  declared: readonly JailInput[],
): Promise<{ pinned: PinnedInput[]; places: string[][]; replaced: Map<string, Buffer> }> {
  const found = new Map<string, { pinned: PinnedInput; places: string[] }>();
  for (const { url, sha256, path } of declared) {
    const known = found.get(sha256);
    const uris = known === undefined ? [url] : [...(await known.pinned.uris()), url];
    found.set(sha256, {
      pinned: {
        name: path,
        uri: known?.pinned.uri ?? url,
        algorithm: 'sha256',
        digest: sha256,
        uris: async () => uris,
        facts: { name: path },
      },
      places: [...(known?.places ?? []), `inputs/${path}`],
    });
  }
  const replaced = new Map<string, Buffer>();
  const text = readPackageLock(dir);
  if (text !== undefined) {
    const lock = await parseNpmLock(text, join(dir, 'package-lock.json'));
    const urisOf = npmRegistry();
    for (const tarball of lock.tarballs)
      found.set(tarball.sha512, {
        pinned: {
          name: `${tarball.name}@${tarball.version}`,
          uri: `pkg:npm/${tarball.name.replace('@', '%40')}@${tarball.version}`,
          algorithm: 'sha512',
          digest: tarball.sha512,
          uris: () => urisOf(tarball),
          facts: {
            name: tarball.name,
            version: tarball.version,
            ...(tarball.licence === undefined ? {} : { licence: tarball.licence }),
          },
        },
        places: [`npm/${tarball.sha512}.tgz`],
      });
    if (lock.tarballs.length > 0) replaced.set('package-lock.json', Buffer.from(lock.inFolder(npmFolder)));
  }
  const items = [...found.values()];
  return { pinned: items.map(({ pinned }) => pinned), places: items.map(({ places }) => places), replaced };
}

/** Read-only files in read-only folders. */
function treeOf(files: readonly { path: string; file: string; size: number }[], mtime: number): SourceTree {
  const common = { uid: builderId, gid: builderId, uname: '', gname: '', mtime, linkPath: '' };
  const entries = new Map<string, SourceEntry>();
  const put = (path: string, file: string, own: Pick<TarEntry, 'type' | 'mode' | 'size'>) =>
    entries.set(path, { file, entry: { path, ...common, ...own } });
  for (const { path, file, size } of files) {
    const parts = path.split('/');
    for (let end = 1; end < parts.length; end += 1)
      put(parts.slice(0, end).join('/'), '', { type: 'directory', mode: 0o555, size: 0 });
    put(path, file, { type: 'file', mode: 0o444, size });
  }
  return { entries: [...entries].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry) };
}
