import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { PackageSource } from '../../agent/packages/package-source.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import { packagePattern } from '../../store/package-pattern.ts';

/** What `install` and `upgrade` say of their argument. */
export const sourceHelp = `
A package is a file, an address or a name. A name (NAME or NAME=VERSION) is looked up in the signed archives of the
host: those of "archives" in agent.json, $PRODNG_SOURCES, /etc/prodng/archives.sources or the host's own apt sources. An
address needs --sha256; without it, it must be https, and the host's signature policy says whose packages it takes.`;

/**
 * Reads what somebody wrote for a package.
 *
 * @param isFile whether there is such a file here
 * @throws ProdngError USAGE when it could mean two things, or nothing
 */
export function parseSource(text: string, sha256?: string, isFile = existsSync): PackageSource {
  if (/^https?:\/\//i.test(text)) return { url: text, ...(sha256 === undefined ? {} : { sha256 }) };
  if (sha256 !== undefined) throw new ProdngError('USAGE', '--sha256 is for an address: https://...');
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text))
    throw new ProdngError('USAGE', `${text}: packages are fetched over https or http`, {
      hint: 'a file is named by its path',
    });
  const [name = '', version] = text.split(/=(.*)/s, 2);
  const isName = packagePattern.test(name) && version !== '';
  // nobody names a package so, and a file that is not there is the likelier mistake
  if (!isName || (version === undefined && text.endsWith('.deb'))) return { path: resolve(text) };
  if (isFile(text))
    throw new ProdngError('USAGE', `${text} is a file here, and may be a package of an archive`, {
      hint: `write ./${text} for the file; for the package, run it in another folder`,
    });
  return { package: name, ...(version === undefined ? {} : { version }) };
}
