import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { openDebFile, readOpenDeb } from '../../archive/deb-reader.ts';
import { parseDeb822 } from '../../control/deb822.ts';
import type { Paragraph } from '../../control/deb822-types.ts';
import type { JailDeclaration } from '../../control/jail-declaration.ts';
import { hasJailFields, parseJailDeclaration } from '../../control/jail-schema.ts';
import { packagePattern } from '../../control/package-name.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import { hostArchitecture } from '../../system/architecture.ts';
import type { Paths } from '../../system/paths.ts';
import { type KnownDeb, recallDeb, rememberDeb, stampOf } from './known-deb.ts';

/** A jail's .deb, read and checked, with nothing unpacked yet. */
export interface JailPackage {
  path: string;
  /** The package's name, Policy 5.6.7; so it is a safe file name and, shortened, a host name. */
  name: string;
  version: string;
  declaration: JailDeclaration;
  /** The control stanza's text. */
  control: string;
  /** Hex. */
  sha256: string;
  /** The open file: all that is read is read from it, whatever its name leads to by then. */
  file: FileHandle;
  close(): Promise<void>;
}

/**
 * Opens a jail's .deb, once. The caller closes it.
 *
 * @param paths where what is known of .debs is kept: one that was read before is not read again
 * @throws ProdngError IO, what openDeb throws, DEB_FORMAT when it holds no jail, DECLARATION with every fault,
 *   HOST_LACKS when it is for another architecture
 */
export async function openJailPackage(path: string, paths?: Paths): Promise<JailPackage> {
  const file = await openDebFile(path);
  try {
    const before = await file.stat({ bigint: true });
    const remembered = paths === undefined ? undefined : recallDeb(before, paths);
    const known = remembered ?? (await readWhole(path, file, before, paths));
    return { path, ...readJailControl(path, known.control), ...known, file, close: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function readWhole(
  path: string,
  file: FileHandle,
  before: BigIntStats,
  paths: Paths | undefined,
): Promise<KnownDeb> {
  const deb = await readOpenDeb(path, file);
  const [control, sha256] = await Promise.all([deb.control(), sha256Of(file)]);
  if (stampOf(await file.stat({ bigint: true })) !== stampOf(before)) throw changed(path);
  const known = { control, sha256 };
  if (paths !== undefined) rememberDeb(before, known, paths);
  return known;
}

/** Of a .deb whose bytes are others than before. */
export function changed(path: string): ProdngError {
  return new ProdngError('IO', `${path}: the file changed while it was read`, { hint: 'try again' });
}

/**
 * Reads the control stanza of a jail's .deb.
 *
 * @param path the name that messages carry
 * @throws ProdngError DEB_FORMAT, DECLARATION, HOST_LACKS
 */
export function readJailControl(
  path: string,
  text: string,
): Pick<JailPackage, 'name' | 'version' | 'declaration'> {
  const file = `${path}: control`;
  const [stanza, second] = parseDeb822(text, file);
  if (stanza === undefined || second !== undefined) throw notAJail(path, 'its control is not one stanza');
  if (!hasJailFields(stanza)) throw notAJail(path, 'its control has no Jail-* fields');
  const name = stanza.get('Package') ?? '';
  if (!packagePattern.test(name) || name.length > 200)
    throw notAJail(path, 'its Package field is no package name');
  assertArchitecture(path, stanza);
  const { declaration, diagnostics } = parseJailDeclaration(stanza, file, 'Jail-');
  if (declaration !== undefined) return { name, version: stanza.get('Version') ?? '', declaration };
  throw new ProdngError('DECLARATION', `${path}: its declarations are not valid`, {
    diagnostics,
    hint: 'build it again from its source with this version of prodng, or ask its maintainer',
  });
}

function assertArchitecture(path: string, stanza: Paragraph): void {
  const architecture = stanza.get('Architecture') ?? '';
  const host = hostArchitecture();
  if (architecture === host || architecture === 'all') return;
  throw new ProdngError('HOST_LACKS', `${path}: it is for ${architecture}, this host is ${host}`, {
    hint: `build it on or for ${host}`,
  });
}

function notAJail(path: string, why: string): ProdngError {
  return new ProdngError('DEB_FORMAT', `${path}: not a jail: ${why}`, {
    hint: 'jails are made by: prodng build',
  });
}

/** Into one buffer over and over: a new one for each piece costs more in collecting garbage than the hash itself. */
async function sha256Of(file: FileHandle): Promise<string> {
  const hash = createHash('sha256');
  const buffer = Buffer.alloc(2 ** 18);
  for (let position = 0; ; ) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
    if (bytesRead === 0) return hash.digest('hex');
    hash.update(buffer.subarray(0, bytesRead));
    position += bytesRead;
  }
}
