import { createHash, type Hash } from 'node:crypto';
import type { TarEntry } from '../../archive/entry.ts';
import type { SignedBytes } from '../../sign/signed-bytes.ts';

/** A file of a .deb as it was found in one pass. */
export interface PackageFile {
  entry: TarEntry;
  /** Of regular files, hex. */
  md5: string;
  sha256: string;
}

/** All that the checks of a .deb need, read in one pass. */
export interface PackageContents {
  controlFiles: ReadonlyMap<string, Buffer>;
  files: ReadonlyMap<string, PackageFile>;
  /** The text of usr/lib/prodng/jails/NAME/jail.lock. */
  lockText?: string;
  /** The text of jail.inputs beside it. */
  inputsText?: string;
  /** The one folder of usr/lib/prodng/jails that it has, by its name. */
  jailName?: string;
  /** SHA-256 of the file without its signatures, hex. */
  unsignedSha256: string;
  /** What is wrong with its structure although it can be read. */
  faults: string[];
}

/** Gets every entry and every piece of content while a package is read. A piece is only valid until it returns. */
export interface ContentsSink {
  entry(entry: TarEntry): Promise<void> | void;
  piece(bytes: Uint8Array): Promise<void> | void;
}

const mostLock = 32 * 2 ** 20;
const ownFile = /^usr\/lib\/prodng\/jails\/[^/]+\/jail\.(lock|inputs)$/;
const jailFolder = /^usr\/lib\/prodng\/jails\/([^/]+)(?:\/|$)/;

/**
 * Reads every byte of a .deb once.
 *
 * @param sink gets the same bytes
 * @throws what the DebReader throws for what dpkg would not, or should not, unpack
 */
export async function readContents(bytes: SignedBytes, sink?: ContentsSink): Promise<PackageContents> {
  const { deb } = bytes;
  const controlFiles = await deb.controlFiles();
  const files = new Map<string, PackageFile>();
  const faults: string[] = [];
  const jails = new Set<string>();
  const beside: { lock?: string; inputs?: string } = {};
  for await (const { entry, content } of deb.data({ transient: true })) {
    if (files.has(entry.path)) faults.push(`duplicate path ${entry.path}`);
    const parent = entry.path.slice(0, Math.max(0, entry.path.lastIndexOf('/')));
    if (parent !== '' && files.get(parent)?.entry.type !== 'directory')
      faults.push(`${entry.path} has no folder before it`);
    if (entry.type === 'hardlink' && files.get(entry.linkPath)?.entry.type !== 'file')
      faults.push(`${entry.path} is a hard link to ${entry.linkPath}, which is no file before it`);
    const jail = jailFolder.exec(entry.path)?.[1];
    if (jail !== undefined) jails.add(jail);
    const own = entry.size <= mostLock ? ownFile.exec(entry.path)?.[1] : undefined;
    const kept: Uint8Array[] = [];
    await sink?.entry(entry);
    const hashes = [createHash('md5'), createHash('sha256')] as const;
    if (entry.type === 'file')
      for await (const piece of content) {
        update(hashes, piece);
        await sink?.piece(piece);
        if (own !== undefined) kept.push(Uint8Array.from(piece));
      }
    if (own !== undefined && entry.type === 'file')
      beside[own === 'lock' ? 'lock' : 'inputs'] = Buffer.concat(kept).toString('utf8');
    files.set(entry.path, { entry, md5: hashes[0].digest('hex'), sha256: hashes[1].digest('hex') });
  }
  if (jails.size > 1) faults.push(`it holds ${jails.size} jails: ${[...jails].join(', ')}`);
  const [jailName] = jails;
  return {
    controlFiles,
    files,
    faults,
    unsignedSha256: await bytes.unsignedSha256(),
    ...(beside.lock === undefined ? {} : { lockText: beside.lock }),
    ...(beside.inputs === undefined ? {} : { inputsText: beside.inputs }),
    ...(jailName === undefined ? {} : { jailName }),
  };
}

function update(hashes: readonly Hash[], piece: Uint8Array): void {
  for (const hash of hashes) hash.update(piece);
}
