import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { type DebReader, openDeb } from '../archive/deb-reader.ts';
import { parseDeb822 } from '../control/deb822.ts';
import type { Paragraph } from '../control/deb822-types.ts';
import type { JailDeclaration } from '../control/jail-declaration.ts';
import { hasJailFields, parseJailDeclaration } from '../control/jail-schema.ts';
import { ProdngError } from '../error/prodng-error.ts';
import { hostArchitecture } from '../system/architecture.ts';

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
  deb: DebReader;
  /** @throws ProdngError IO when the file was written to since it was hashed */
  assertUnchanged(): Promise<void>;
}

/**
 * Opens a jail's .deb. The caller closes `deb`.
 *
 * @throws ProdngError IO, what openDeb throws, DEB_FORMAT when it holds no jail, DECLARATION with every fault,
 *   HOST_LACKS when it is for another architecture
 */
export async function openJailPackage(path: string): Promise<JailPackage> {
  const deb = await openDeb(path);
  try {
    const before = await stat(path, { bigint: true });
    const [control, sha256] = await Promise.all([deb.control(), sha256Of(path)]);
    return {
      path,
      ...readJailControl(path, control),
      control,
      sha256,
      deb,
      async assertUnchanged() {
        if (stamp(await stat(path, { bigint: true })) === stamp(before)) return;
        throw new ProdngError('IO', `${path}: the file changed while it was read`, { hint: 'try again' });
      },
    };
  } catch (error) {
    await deb.close();
    throw error;
  }
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
  if (!/^[a-z0-9][a-z0-9+.-]+$/.test(name) || name.length > 200)
    throw notAJail(path, 'its Package field is no package name');
  assertArchitecture(path, stanza);
  const { declaration, diagnostics } = parseJailDeclaration(stanza, file, 'Jail-');
  if (declaration !== undefined) return { name, version: stanza.get('Version') ?? '', declaration };
  throw new ProdngError('DECLARATION', `${path}: its declarations are not valid`, {
    diagnostics,
    hint: 'build it again from its source with this version of prodng, or ask whoever made it',
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
async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  const buffer = Buffer.alloc(2 ** 18);
  const file = await open(path);
  try {
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length);
      if (bytesRead === 0) return hash.digest('hex');
      hash.update(buffer.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}

/** ctime tells of every write, and only a change of the clock could forge it. */
function stamp({ dev, ino, size, ctimeNs }: BigIntStats): string {
  return `${dev}:${ino}:${size}:${ctimeNs}`;
}
