import { compareVersions, versionFault } from '../../control/version.ts';

const head = /^[a-z0-9][a-z0-9+.-]* \(([^()\s]+)\)/i;
const mostLines = 400;

/**
 * The entries of a deb-changelog(5) that are newer than a version, in their order.
 *
 * @returns undefined when there is none
 */
export function changelogSince(text: string, version: string): string | undefined {
  const lines: string[] = [];
  let isNewer = false;
  for (const line of text.split('\n')) {
    const found = head.exec(line)?.[1];
    if (found !== undefined) {
      isNewer = versionFault(found) === undefined && compareVersions(found, version) > 0;
      if (!isNewer) break;
    }
    if (isNewer && lines.push(line) >= mostLines) break;
  }
  const entries = lines.join('\n').trimEnd();
  return entries === '' ? undefined : entries;
}
