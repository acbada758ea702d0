import { createHash } from 'node:crypto';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { changed, type JailPackage } from './jail-package.ts';

/** Bytes a read. */
const piece = 2 ** 20;

/**
 * Copies an open .deb to a file without a name, and hashes what it writes. Who can write to the original, be it through a
 * mapping that changes no time stamp, could otherwise have one thing hashed and another unpacked: the tree would be kept
 * under the digest of a .deb that it did not come from, for all later runs of that one.
 *
 * @param at where the copy has its name for a moment; its folder is closed to everybody else
 * @throws ProdngError IO when the bytes have another digest than the package
 */
export async function checkedCopy({ path, file, sha256 }: JailPackage, at: string): Promise<FileHandle> {
  const copy = await open(at, 'wx+', 0o600);
  try {
    await unlink(at);
    const hash = createHash('sha256');
    const buffer = Buffer.alloc(piece);
    for (let position = 0; ; ) {
      const { bytesRead } = await file.read(buffer, 0, piece, position);
      if (bytesRead === 0) break;
      const data = buffer.subarray(0, bytesRead);
      hash.update(data);
      for (let done = 0; done < bytesRead; )
        done += (await copy.write(data, done, bytesRead - done, position + done)).bytesWritten;
      position += bytesRead;
    }
    if (hash.digest('hex') !== sha256) throw changed(path);
    return copy;
  } catch (error) {
    await copy.close();
    throw error;
  }
}
