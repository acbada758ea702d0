import { compareVersions } from '../control/version.ts';
import { ProdngError } from '../error/prodng-error.ts';
import type { ArchiveState } from './archive-state.ts';
import { type IndexedPackage, packagesNamed } from './packages-index.ts';

/**
 * The package of that name that an archive has, for this architecture or for all.
 *
 * @param version exactly this one (default: the newest, in Debian's order)
 * @returns where several archives have the same version, that of the first one configured
 * @throws ProdngError UNRESOLVABLE when there is none
 */
export async function choosePackage(
  state: ArchiveState,
  name: string,
  version?: string,
): Promise<IndexedPackage> {
  const found = (await packagesNamed(state, name)).filter(
    ({ architecture }) => architecture === state.architecture || architecture === 'all',
  );
  const wanted = version === undefined ? found : found.filter((one) => one.version === version);
  // a stable sort: the first configured stays first among equals
  const [chosen] = wanted.toSorted((a, b) => compareVersions(b.version, a.version));
  if (chosen !== undefined) return chosen;
  if (found.length === 0)
    throw new ProdngError('UNRESOLVABLE', `no configured archive has a package ${name}`, {
      hint: 'check the name, and the archives: /etc/prodng/archives.sources, or "archives" in agent.json; a file is named with its folder: ./FILE',
    });
  const versions = [...new Set(found.map((one) => one.version))].toSorted((a, b) => compareVersions(b, a));
  throw new ProdngError('UNRESOLVABLE', `no configured archive has version ${version ?? ''} of ${name}`, {
    hint: `there is: ${versions.slice(0, 10).join(', ')}`,
  });
}
