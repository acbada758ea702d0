import { createHash } from 'node:crypto';
import { type DebReader, defaultDebLimits, openDeb } from '../archive/deb-reader.ts';
import { ProdngError } from '../error/prodng-error.ts';

/** The bytes of a .deb that signatures are about. */
export interface SignedBytes {
  readonly deb: DebReader;
  /** debian-binary, control.tar*, data.tar* one after the other, without ar's headers: what debsigs signs. */
  members(): AsyncGenerator<Uint8Array>;
  /** The file without its signatures: what a rebuild gives, and what detached signatures are of. */
  unsigned(): AsyncGenerator<Uint8Array>;
  /** SHA-256 of that, in hex. */
  unsignedSha256(): Promise<string>;
  close(): Promise<void>;
}

/**
 * Opens a .deb for signing or verifying.
 *
 * @param shown the name for messages
 * @throws ProdngError as openDeb does
 */
export async function openSignedBytes(path: string, shown: string = path): Promise<SignedBytes> {
  const deb = await openDeb(path, defaultDebLimits, shown);
  if (deb.size < deb.unsignedSize) {
    await deb.close();
    // a signature behind it could not be taken away again without changing the file
    throw new ProdngError('DEB_FORMAT', `${shown}: the newline after its last member is missing`, {
      hint: 'build it again with dpkg-deb or prodng',
    });
  }
  return {
    deb,
    async *members() {
      for (const { offset, size } of deb.members.slice(0, 3)) yield* deb.range(offset, size);
    },
    unsigned: () => deb.range(0, deb.unsignedSize),
    async unsignedSha256() {
      const hash = createHash('sha256');
      for await (const chunk of deb.range(0, deb.unsignedSize)) hash.update(chunk);
      return hash.digest('hex');
    },
    close: () => deb.close(),
  };
}
