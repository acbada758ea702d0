import { ProdngError } from '../../error/prodng-error.ts';

/** A tarball that a package-lock.json pins. */
export interface NpmTarball {
  /** The name under which it is published, and its version. */
  name: string;
  version: string;
  /** Lower-case hex. */
  sha512: string;
  /** As its package.json states it. */
  licence?: string;
  /** Where the lock says that it came from, if it does. */
  resolved?: string;
}

export interface NpmLock {
  /** Each once. */
  tarballs: readonly NpmTarball[];
  /** The lock's text with every `resolved` a file of that folder, named by its digest. */
  inFolder: (folder: string) => string;
}

/**
 * Reads a package-lock.json of lockfileVersion 2 or 3 (npm 7 and later).
 *
 * @param file the name that errors carry
 * @throws ProdngError CONFIG when it is none, or has an entry that is not pinned by SHA-512
 */
export async function parseNpmLock(text: string, file: string): Promise<NpmLock> {
  const { parsePackageLock } = await import('./npm-lock-schema.ts');
  const lock = parsePackageLock(text, file);
  const tarballs = new Map<string, NpmTarball>();
  const byPlace = new Map<string, NpmTarball>();
  for (const [place, entry] of Object.entries(lock.packages)) {
    const name = entry.name ?? place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
    // links and workspaces are folders of the source; what is bundled comes inside another tarball
    if (!place.includes('node_modules/') || entry.link === true || entry.inBundle === true) continue;
    const sha512 = sha512Of(entry.integrity);
    if (sha512 === undefined || entry.version === undefined)
      throw new ProdngError('CONFIG', `${file}: ${place}: no integrity by sha512`, {
        hint: 'a dependency from git or of a very old lock is not pinned; use a published version, then npm install --package-lock-only',
      });
    if (!/^(?:@[\w.~-]+\/)?[\w.~-]+$/.test(name) || !/^[\w.+-]+$/.test(entry.version))
      throw new ProdngError(
        'CONFIG',
        `${file}: ${JSON.stringify(place)}: no name and version of an npm package`,
      );
    const resolved = /^https?:/.test(entry.resolved ?? '') ? entry.resolved : undefined;
    const tarball = {
      name,
      version: entry.version,
      sha512,
      ...(resolved === undefined ? {} : { resolved }),
      ...(isOneLine(entry.license) ? { licence: entry.license } : {}),
    };
    byPlace.set(place, tarball);
    if (!tarballs.has(sha512)) tarballs.set(sha512, tarball);
  }
  return {
    tarballs: [...tarballs.values()],
    inFolder: (folder) => {
      const packages = Object.entries(lock.packages).map(([place, entry]) => {
        const tarball = byPlace.get(place);
        return [
          place,
          tarball === undefined ? entry : { ...entry, resolved: `file:${folder}/${tarball.sha512}.tgz` },
        ];
      });
      // the second, older form of the same facts would speak of the other places
      const { dependencies: _, ...rest } = lock;
      return `${JSON.stringify({ ...rest, lockfileVersion: 3, packages: Object.fromEntries(packages) }, undefined, 2)}\n`;
    },
  };
}

function isOneLine(text: unknown): text is string {
  return typeof text === 'string' && /^[!-~](?:[ -~]{0,198}[!-~])?$/.test(text);
}

function sha512Of(integrity: string | undefined): string | undefined {
  for (const one of (integrity ?? '').split(/\s+/)) {
    const [, base64] = /^sha512-([A-Za-z0-9+/]{86}==)/.exec(one) ?? [];
    if (base64 !== undefined) return Buffer.from(base64, 'base64').toString('hex');
  }
  return undefined;
}
