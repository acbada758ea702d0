import { formatDeb822 } from '../../control/deb822.ts';
import type { LockedPackage } from '../../lock/lock.ts';
import { checksumLines, type FileDigest } from './file-digest.ts';
import { mailDate } from './mail-date.ts';

export interface BuildinfoInput {
  source: string;
  version: string;
  /** The binary packages that were built. */
  binaries: readonly string[];
  architecture: string;
  /** The unsigned results, which a rebuild gives again. */
  files: readonly FileDigest[];
  /** The build root. */
  buildRoot: readonly LockedPackage[];
  /** The Origin of the archive that the build root came from. */
  origin?: string;
  /** Where the build ran, inside the build jail. */
  buildPath: string;
  environment: Readonly<Record<string, string>>;
  /** Seconds. Used as the time of the build: the builder's clock must not reach the results. */
  sourceDateEpoch: number;
}

/** Writes a .buildinfo, deb-buildinfo(5), format 1.0. The same input gives the same bytes. */
export function formatBuildinfo(input: BuildinfoInput): string {
  const { source, version, architecture, files, origin } = input;
  const installed = input.buildRoot
    .map((item) => `${qualified(item, architecture)} (= ${item.version})`)
    .sort();
  const environment = Object.entries(input.environment)
    .filter(([name]) => isRecorded(name))
    .map(([name, value]) => `\n${name}="${value.replace(/[\\"]/g, '\\$&')}"`)
    .sort();
  const fields = [
    ['Format', '1.0'],
    ['Source', source],
    ['Binary', [...input.binaries].sort().join(' ')],
    ['Architecture', architecture],
    ['Version', version],
    ['Checksums-Md5', checksumLines(files, 'md5')],
    ['Checksums-Sha1', checksumLines(files, 'sha1')],
    ['Checksums-Sha256', checksumLines(files, 'sha256')],
    ...(origin === undefined ? [] : [['Build-Origin', origin]]),
    ['Build-Architecture', architecture],
    ['Build-Date', mailDate(input.sourceDateEpoch)],
    ['Build-Path', input.buildPath],
    ['Installed-Build-Depends', `\n${installed.join(',\n')}`],
    ['Environment', environment.join('')],
  ] as const;
  return formatDeb822([{ fields: fields.map(([name = '', value = '']) => ({ name, value })) }]);
}

function qualified({ name, architecture }: LockedPackage, native: string): string {
  return architecture === native || architecture === 'all' ? name : `${name}:${architecture}`;
}

/** What dpkg-genbuildinfo would record of ours: the rest says nothing about the result. */
function isRecorded(name: string): boolean {
  return /^(?:DEB_|LC_|LANG$|SOURCE_DATE_EPOCH$)/.test(name);
}
