import { writeOutput } from '../output/write-output.ts';
import { fileMode } from './file-mode.ts';
import { openSignedBytes } from './signed-bytes.ts';

/**
 * Writes a .deb without its signatures: the bytes that a rebuild gives.
 *
 * @param output where to (default: in place)
 * @returns the names of the members that were removed, and the SHA-256 of what is left
 * @throws ProdngError IO, AR_FORMAT, DEB_FORMAT
 */
export async function stripSignature(
  path: string,
  output = path,
): Promise<{ removed: string[]; sha256: string }> {
  const bytes = await openSignedBytes(path);
  try {
    const removed = (await bytes.deb.signatureMembers()).map(({ name }) => name);
    if (removed.length > 0 || output !== path)
      await writeOutput(output, bytes.unsigned(), await fileMode(path));
    return { removed, sha256: await bytes.unsignedSha256() };
  } finally {
    await bytes.close();
  }
}
