import { join } from 'node:path';
import { type DebContents, writeDeb } from '../../archive/deb-writer.ts';
import type { SegmentEntry } from '../../archive/segment.ts';
import type { XzProgram } from '../../archive/xz-block.ts';
import { formatDeb822 } from '../../control/deb822.ts';
import type { Paragraph } from '../../control/deb822-types.ts';
import { packagePattern } from '../../control/package-name.ts';
import { versionFault } from '../../control/version.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import { formatInputs, inputsFile, type LockedInput } from '../../lock/locked-input.ts';
import type { OutputFolder } from '../../output/output-folder.ts';
import type { Progress } from '../../system/progress.ts';
import { rootfsSegments } from './compose.ts';
import type { RootfsTree } from './rootfs-tree.ts';

/** Where jails lie in their .debs: Debian Policy leaves /usr/lib/PACKAGE to the package. */
export const jailsPrefix = 'usr/lib/prodng/jails';

export interface AssembleOptions {
  tree: RootfsTree;
  /** The control stanza, as jailStanza makes it. */
  control: Paragraph;
  architecture: string;
  /** The text of the lock that it was built by; placed beside the rootfs. */
  lock: string;
  /** Its other inputs; placed there too. */
  inputs: readonly LockedInput[];
  /** Seconds. */
  sourceDateEpoch: number;
  /** The folder to write to. */
  output: OutputFolder;
  blockCache: string;
  /** What compresses: the build root's, so that the bytes do not depend on the host's. */
  xz: XzProgram;
  progress?: Progress;
  signal?: AbortSignal;
}

export interface AssembledDeb {
  path: string;
  /** Bytes. */
  size: number;
  sha256: string;
}

/**
 * Writes a jail's .deb: NAME_VERSION_ARCHITECTURE.deb, with the rootfs below one prefix and the lock beside it. It
 * depends on nothing, since all it needs is inside.
 *
 * @throws what writeDeb throws
 */
export async function assembleDeb(options: AssembleOptions): Promise<AssembledDeb> {
  const { control, architecture, sourceDateEpoch: mtime, output, blockCache, xz, progress, signal } = options;
  const name = control.get('Package') ?? '';
  const version = control.get('Version') ?? '';
  const jail = `${jailsPrefix}/${name}`;
  const evidence = [fileEntry(`${jail}/jail.lock`, options.lock, mtime)];
  if (options.inputs.length > 0)
    evidence.unshift(fileEntry(`${jail}/${inputsFile}`, formatInputs(options.inputs), mtime));
  const contents: DebContents = {
    segments: [
      { name: 'prefix', entries: prefixFolders(`${jail}/rootfs`, mtime) },
      ...rootfsSegments(options.tree, `${jail}/rootfs`, mtime, name),
      { name: 'jail.lock', entries: evidence },
    ],
    mtime,
    control: ({ installedSizeKiB }) => controlText(control, architecture, installedSizeKiB),
    blockCache,
    xz,
    ...(progress === undefined ? {} : { progress }),
    ...(signal === undefined ? {} : { signal }),
  };
  const file = debName(name, version, architecture);
  return { path: join(output.path, file), ...(await writeDeb({ folder: output, name: file }, contents)) };
}

/**
 * As dpkg names it: without the epoch.
 *
 * @throws ProdngError CONTROL_SYNTAX when one of them is not valid by Policy, and the result could be a path
 */
export function debName(name: string, version: string, architecture: string): string {
  const fault = packagePattern.test(name)
    ? (versionFault(version) ??
      (/^[a-z0-9][a-z0-9-]*$/.test(architecture) ? undefined : 'not the name of an architecture'))
    : 'not the name of a package';
  if (fault !== undefined)
    throw new ProdngError('CONTROL_SYNTAX', `${JSON.stringify([name, version, architecture])}: ${fault}`);
  return `${name}_${version.replace(/^\d+:/, '')}_${architecture}.deb`;
}

function prefixFolders(path: string, mtime: number): SegmentEntry[] {
  const parts = path.split('/');
  const paths = ['.', ...parts.map((_, index) => parts.slice(0, index + 1).join('/'))];
  return paths.map((folder) => ({ entry: { ...common(folder, mtime), type: 'directory', mode: 0o755 } }));
}

function fileEntry(path: string, text: string, mtime: number): SegmentEntry {
  const content = Buffer.from(text);
  return { entry: { ...common(path, mtime), type: 'file', mode: 0o644, size: content.length }, content };
}

function common(path: string, mtime: number) {
  return { path, uid: 0, gid: 0, uname: 'root', gname: 'root', mtime, size: 0, linkPath: '' };
}

function controlText(built: Paragraph, architecture: string, installedSizeKiB: number): string {
  const field = (name: string): { name: string; value: string }[] => {
    const value = built.get(name);
    return value === undefined ? [] : [{ name, value }];
  };
  const fields = [
    ...field('Package'),
    ...field('Source'),
    ...field('Version'),
    { name: 'Architecture', value: architecture },
    ...field('Maintainer'),
    { name: 'Installed-Size', value: String(installedSizeKiB) },
    ...['Section', 'Priority', 'Homepage'].flatMap(field),
    ...built.fields
      .filter(({ name }) => name.startsWith('Jail-'))
      .map(({ name, value }) => ({ name, value })),
    ...field('Description'),
  ];
  return formatDeb822([{ fields }]);
}
