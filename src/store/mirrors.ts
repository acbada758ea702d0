import type { Archive } from './archive.ts';
import type { ReleaseIdentity } from './release-identity.ts';

/**
 * The URIs a file of an archive can be at, each once. Those configured for its release come first;
 * the others follow, because a package moves between archives (security to the point release) and its SHA-256
 * decides in any case.
 */
export function mirrorsOf(
  file: { archive: string; poolPath: string },
  archives: readonly Archive[],
  releases: readonly ReleaseIdentity[],
): string[] {
  const release = releases.find(({ name }) => name === file.archive);
  const isOwn = ({ suite }: Archive) =>
    release !== undefined && (suite === release.codename || suite === release.suite);
  const ordered = [...archives.filter(isOwn), ...archives.filter((archive) => !isOwn(archive))];
  return [...new Set(ordered.map(({ uri }) => poolUri(uri, file.poolPath)))];
}

/** As apt does: every character of a name that means something in a URI is escaped, a `%` of its own too. */
function poolUri(base: string, poolPath: string): string {
  if (/^(?:file|copy):/.test(base)) return `${base}/${poolPath}`;
  return `${base}/${poolPath.split('/').map(encodeURIComponent).join('/')}`;
}

/** A URI without its password, for messages. */
export function withoutPassword(uri: string): string {
  return uri.replace(/^(\w+:\/\/)[^/@]*@/, '$1');
}
