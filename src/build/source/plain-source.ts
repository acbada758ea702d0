import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { parseChangelog } from '../../control/changelog.ts';
import { parseDeb822 } from '../../control/deb822.ts';
import type { Paragraph } from '../../control/deb822-types.ts';
import { packagePattern } from '../../control/package-name.ts';
import { versionFault } from '../../control/version.ts';
import { ProdngError, reasonOf } from '../../error/prodng-error.ts';
import { readFileBeneath } from '../../kernel/beneath-file.ts';
import { lockFile } from '../../lock/lock.ts';
import type { LockPlace } from '../../lock/lock-file.ts';
import { copyDsc, readDsc } from './dsc.ts';
import { readSourceTree, type SourceTree } from './source-tree.ts';

/** An ordinary Debian source package, with or without a jail: a folder, or a .dsc with its files. */
export interface PlainSource {
  path: string;
  name: string;
  version: string;
  /** Build-Depends, -Arch and -Indep. */
  buildDepends: string;
  /** Always empty: nothing is composed. */
  depends: '';
  /** Where its lock is. */
  lock: LockPlace;
  /** Of a .dsc: its file name. */
  dsc?: string;
  /** Seconds; of a .dsc only its changelog tells, which is inside. */
  sourceDateEpoch?: number;
  /**
   * What the build jail gets.
   *
   * @param work an empty folder for copies
   */
  files: (work: string) => Promise<SourceTree>;
}

/**
 * Reads a source package as far as a build needs it.
 *
 * @param path a folder with debian/control, or a .dsc
 * @throws ProdngError IO, CONTROL_SYNTAX
 */
export async function readPlainSource(path: string): Promise<PlainSource> {
  return (await isFolder(path)) ? await readFolder(path) : await readDscSource(path);
}

async function readFolder(dir: string): Promise<PlainSource> {
  const stanzas = parseDeb822(readText(dir, 'debian/control'), join(dir, 'debian/control'));
  const [stanza, ...binaries] = stanzas;
  if (stanza === undefined)
    throw new ProdngError('CONTROL_SYNTAX', `${join(dir, 'debian/control')}: it is empty`);
  const entry = parseChangelog(readText(dir, 'debian/changelog'), join(dir, 'debian/changelog'));
  const packages = binaries.flatMap((binary) => binary.get('Package') ?? []);
  return {
    path: dir,
    ...identity(stanza, entry.version, dir),
    lock: { root: dir, name: lockFile },
    sourceDateEpoch: entry.timestamp,
    files: () => readSourceTree(dir, entry.timestamp, packages),
  };
}

async function readDscSource(path: string): Promise<PlainSource> {
  const dsc = await readDsc(path);
  const own = identity(dsc.stanza, dsc.stanza.get('Version') ?? '', path);
  return {
    path,
    ...own,
    lock: { root: dirname(path), name: `${own.name}_${withoutEpoch(own.version)}.lock` },
    dsc: basename(path),
    files: async (work) => {
      await copyDsc(dsc, work);
      return await readSourceTree(work, 0, []);
    },
  };
}

/** As dpkg names files: without the epoch. */
export function withoutEpoch(version: string): string {
  return version.replace(/^\d+:/, '');
}

function identity(stanza: Paragraph, version: string, path: string) {
  const name = stanza.get('Source') ?? '';
  if (!packagePattern.test(name))
    throw new ProdngError('CONTROL_SYNTAX', `${path}: Source: ${JSON.stringify(name)} is no package name`);
  const fault = version === '' ? 'it is missing' : versionFault(version);
  if (fault !== undefined) throw new ProdngError('CONTROL_SYNTAX', `${path}: Version: ${fault}`);
  const buildDepends = ['Build-Depends', 'Build-Depends-Arch', 'Build-Depends-Indep']
    .map((field) => (stanza.get(field) ?? '').replace(/\s+/g, ' ').replace(/^[\s,]+|[\s,]+$/g, ''))
    .filter((text) => text !== '')
    .join(', ');
  return { name, version, buildDepends, depends: '' } as const;
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    throw unreadable(path, error);
  }
}

function readText(dir: string, name: string): string {
  const bytes = readFileBeneath(dir, name);
  if (bytes !== undefined) return bytes.toString('utf8');
  throw unreadable(join(dir, name), 'no such file or directory');
}

function unreadable(path: string, error: unknown): ProdngError {
  return new ProdngError('IO', `${path}: cannot be read: ${reasonOf(error)}`, {
    cause: error,
    hint: 'give the folder of a Debian source package, or its .dsc',
  });
}
