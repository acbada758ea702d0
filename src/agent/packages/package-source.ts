import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { packagePattern } from '../../control/package-name.ts';
import { compareVersions } from '../../control/version.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import { hostArchitecture } from '../../system/architecture.ts';
import type { Paths } from '../../system/paths.ts';
import type { AgentPaths } from '../state/agent-paths.ts';

/** Where a package comes from: exactly one of a file, an address and a name. */
export const sourceShape = {
  /** A file of the host. */
  path: z.string().startsWith('/').max(4096).optional(),
  /** Fetched over HTTP. */
  url: z
    .url({ protocol: /^https?$/, message: 'an address of https:// or http://' })
    .max(4096)
    .optional(),
  /** What the file at `url` must have. */
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  /** A package of the configured archives. */
  package: z.string().regex(packagePattern).max(128).optional(),
  /** Exactly that version of it (default: the newest). */
  version: z.string().min(1).max(256).optional(),
};

export type PackageSource = z.infer<z.ZodObject<typeof sourceShape>>;

/** For a schema's refine. */
export function isOneSource({ path, url, package: name, sha256, version }: PackageSource): boolean {
  const given = [path, url, name].filter((one) => one !== undefined);
  return (
    given.length === 1 &&
    (sha256 === undefined || url !== undefined) &&
    (version === undefined || name !== undefined)
  );
}

export const oneSource = 'give one of path, url (with sha256) and package (with version)';

/** A .deb that is there for now. */
export interface FoundPackage {
  deb: string;
  /** The package that it must be. */
  package?: string;
  /** To be called when it has been unpacked, or refused. */
  done(): Promise<void>;
}

export interface FinderOptions {
  paths: AgentPaths;
  /** A file that names the archives, as sources.list(5) has it (default: as for `prodng lock`). */
  archives?: string;
  /** Whether what is installed must be signed: only then is a file fetched of which nobody knows the digest. */
  signed: boolean;
}

/** Larger than any jail. */
const mostBytes = 16 * 2 ** 30;

/** Finds packages and fetches what is not a file of the host. What was cut off goes on where it was. */
export class PackageFinder {
  readonly #options: FinderOptions;
  readonly #inUse = new Map<string, number>();

  constructor(options: FinderOptions) {
    this.#options = options;
  }

  /**
   * @param current what is installed, when it shall be upgraded: without a version named there is no way back
   * @throws ProdngError FETCH_FAILED, HASH_MISMATCH, UNRESOLVABLE, ARCHIVE_SIGNATURE, ARCHIVE_STALE,
   *   ARCHIVE_UNREACHABLE, POLICY, JAIL_STATE, CONFIG, IO
   */
  async find(source: PackageSource, current?: string): Promise<FoundPackage> {
    if (source.path !== undefined) return { deb: source.path, done: async () => {} };
    if (source.url !== undefined) return this.#fromUrl(source.url, source.sha256);
    return this.#fromArchive(source.package ?? '', source.version, current);
  }

  async #fromUrl(url: string, sha256: string | undefined): Promise<FoundPackage> {
    if (sha256 === undefined) return this.#unpinned(url);
    const folder = await this.#folder('store');
    const { fetchUrls, pinnedPath } = await import('../../store/fetch-url.ts');
    const name = nameOf(url);
    return this.#use(sha256, async () => {
      await fetchUrls(folder, [
        { name, uri: name, algorithm: 'sha256', digest: sha256, uris: async () => [url] },
      ]);
      return pinnedPath(folder, { algorithm: 'sha256', digest: sha256 });
    });
  }

  async #unpinned(url: string): Promise<FoundPackage> {
    if (!url.startsWith('https:') || !this.#options.signed)
      throw new ProdngError('POLICY', `${nameOf(url)}: nothing says what it should be`, {
        hint: 'give its --sha256; without it, an address must be https and "signaturePolicy" in agent.json must say who has signed it',
      });
    const { fetchUnpinned } = await import('../../store/fetch-unpinned.ts');
    const { path, folder } = await fetchUnpinned(url, await this.#folder('unpinned'), mostBytes);
    return { deb: path, done: () => rm(folder, { recursive: true, force: true }) };
  }

  async #fromArchive(name: string, version?: string, current?: string): Promise<FoundPackage> {
    const { paths, archives: sourcesFile } = this.#options;
    const architecture = hostArchitecture();
    const { loadArchives } = await import('../../store/archive-config.ts');
    const { updateArchives } = await import('../../store/archive-state.ts');
    const { choosePackage } = await import('../../store/choose-package.ts');
    const { assertNoReplay } = await import('../../store/release-memory.ts');
    const { openStore } = await import('../../store/store.ts');
    const archives = await loadArchives({
      architecture,
      env: process.env,
      ...(sourcesFile === undefined ? {} : { sourcesFile }),
    });
    const state = await updateArchives({ archives, architecture, paths: this.#own });
    await assertNoReplay(state, join(paths.jail.state, 'archives.json'));
    const chosen = await choosePackage(state, name, version);
    if (version === undefined && current !== undefined && compareVersions(chosen.version, current) < 0)
      throw new ProdngError(
        'JAIL_STATE',
        `${name}: the archives have ${chosen.version}, older than ${current}`,
        {
          hint: `to go there nevertheless, name it: ${name}=${chosen.version}`,
        },
      );
    const store = await openStore(this.#own);
    const releases = state.releases.map(({ identity }) => identity);
    const found = await this.#use(chosen.sha256, async () => {
      await store.fetchAll([chosen], { archives, releases });
      return store.debPath(chosen.sha256);
    });
    return { ...found, package: name };
  }

  /** Has one file fetched; it is removed when the last who needs it is done. */
  async #use(sha256: string, fetch: () => Promise<string>): Promise<FoundPackage> {
    this.#inUse.set(sha256, (this.#inUse.get(sha256) ?? 0) + 1);
    let deb: string | undefined;
    const done = async () => {
      const others = (this.#inUse.get(sha256) ?? 1) - 1;
      if (others > 0) this.#inUse.set(sha256, others);
      else {
        this.#inUse.delete(sha256);
        if (deb !== undefined) await rm(deb, { force: true });
      }
    };
    try {
      deb = await fetch();
      return { deb, done };
    } catch (error) {
      await done();
      throw error;
    }
  }

  async #folder(name: string): Promise<string> {
    const folder = join(this.#own.cache, name);
    await mkdir(folder, { recursive: true, mode: 0o755 });
    return folder;
  }

  /** Apart from what builds fetch: nothing of theirs is removed. */
  get #own(): Paths {
    const { jail, cache } = this.#options.paths;
    return { ...jail, cache: join(cache, 'agent') };
  }
}

/** An address without what may be secret in it. */
function nameOf(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
