import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { AgentClient } from '../../agent/client.ts';
import type { PackageSource } from '../../agent/packages/package-source.ts';
import { packagePattern } from '../../control/package-name.ts';
import { ProdngError } from '../../error/prodng-error.ts';

/** Help text of `install` and `upgrade`. */
export const sourceHelp = `
A package is a file, a URL or a name. A name (NAME or NAME=VERSION) is looked up in the signed archives of the host:
"archives" in agent.json, $PRODNG_SOURCES, /etc/prodng/archives.sources or the host's own apt sources. A URL requires
--sha256, or https together with a signature policy on the host.`;

/**
 * Parses the package argument of `install` and `upgrade`.
 *
 * @param isFile whether there is such a file here
 * @throws ProdngError USAGE when it is ambiguous or invalid
 */
export function parseSource(text: string, sha256?: string, isFile = existsSync): PackageSource {
  if (/^https?:\/\//i.test(text)) return { url: text, ...(sha256 === undefined ? {} : { sha256 }) };
  if (sha256 !== undefined) throw new ProdngError('USAGE', '--sha256 requires a URL: https://...');
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text))
    throw new ProdngError('USAGE', `${text}: only https and http URLs are supported`, {
      hint: 'for a file, give its path',
    });
  const [name = '', version] = text.split(/=(.*)/s, 2);
  const isName = packagePattern.test(name) && version !== '';
  // packages are not named so: a missing file is the likelier mistake
  if (!isName || (version === undefined && text.endsWith('.deb'))) return { path: resolve(text) };
  if (isFile(text))
    throw new ProdngError(
      'USAGE',
      `${text} is ambiguous: a file in this folder, or a package of an archive`,
      {
        hint: `use ./${text} for the file; for the package, run the command in another folder`,
      },
    );
  return { package: name, ...(version === undefined ? {} : { version }) };
}

/** @throws ProdngError USAGE for a file of this host where the agent is that of another */
export function assertReadable(source: PackageSource, { isRemote }: Pick<AgentClient, 'isRemote'>): void {
  if (!isRemote || source.path === undefined) return;
  throw new ProdngError('USAGE', `${source.path}: the agent of another host does not have that file`, {
    hint: 'give a URL with --sha256, or the name of a package in an archive of that host',
  });
}
