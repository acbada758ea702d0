import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { readRange } from '../archive/ar.ts';
import { type DebReader, openDeb } from '../archive/deb-reader.ts';
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

/** Opens a .deb for signing or verifying. @throws ProdngError as openDeb does */
export async function openSignedBytes(path: string): Promise<SignedBytes> {
  const deb = await openDeb(path);
  const file = await open(path, 'r').catch(async (error: unknown) => {
    await deb.close();
    throw error;
  });
  if ((await file.stat()).size < deb.unsignedSize) {
    await file.close();
    await deb.close();
    // a signature behind it could not be taken away again without changing the file
    throw new ProdngError('DEB_FORMAT', `${path}: the newline after its last member is missing`, {
      hint: 'build it again with dpkg-deb or prodng',
    });
  }
  return {
    deb,
    async *members() {
      for (const { offset, size } of deb.members.slice(0, 3)) yield* readRange(file, offset, size);
    },
    unsigned: () => readRange(file, 0, deb.unsignedSize),
    async unsignedSha256() {
      const hash = createHash('sha256');
      for await (const chunk of readRange(file, 0, deb.unsignedSize)) hash.update(chunk);
      return hash.digest('hex');
    },
    async close() {
      await file.close();
      await deb.close();
    },
  };
}
