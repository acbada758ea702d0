import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeOutput } from '../output/write-output.ts';
import { signStatement } from '../sign/dsse.ts';
import type { Signer } from '../sign/signer.ts';
import { run } from '../system/process.ts';
import { stripPeSignatures } from './pe.ts';
import { type OpenSlot, openSlot, writeSlot } from './slot.ts';
import { withTemporaryFolder } from './temporary-folder.ts';
import { manifestType } from './verify-slot.ts';

/** The key of Secure Boot that signs a UKI: PEM files. */
export interface SecureBootKey {
  key: string;
  certificate: string;
}

/**
 * Signs a slot image: its manifest with OpenPGP keys, for `host update`, and its UKI for the firmware, with sbsign(1).
 * Signatures that were there are replaced; everything else stays bit for bit as it was.
 *
 * @param signers of the manifest (none: it is left unsigned)
 * @returns size and SHA-256 of the signed image
 * @throws ProdngError IMAGE, KEY, IO, COMMAND_FAILED
 */
export async function signImage(
  path: string,
  output: string,
  signers: readonly Signer[],
  secureBoot?: SecureBootKey,
): Promise<{ size: number; sha256: string }> {
  const slot = await openSlot(path);
  try {
    const signature =
      signers.length === 0
        ? Buffer.alloc(0)
        : Buffer.from(await signStatement(slot.manifestBytes.toString('utf8'), signers, manifestType));
    const bare = stripPeSignatures(slot.uki);
    return await rewrite(
      slot,
      output,
      signature,
      secureBoot === undefined ? bare : await sbsign(bare, secureBoot),
    );
  } finally {
    await slot.close();
  }
}

/** Writes a slot image without its signatures: bit for bit what a rebuild gives. @throws ProdngError IMAGE, IO */
export async function stripImage(path: string, output: string): Promise<{ size: number; sha256: string }> {
  return await signImage(path, output, []);
}

async function rewrite(slot: OpenSlot, output: string, signature: Buffer, uki: Buffer) {
  const { manifest, manifestBytes } = slot;
  const { hash, dataBlocks, hashBlocks } = manifest.root;
  return await writeSlot(output, {
    slotSize: manifest.slotSize,
    date: manifest.date,
    root: { hash, dataBlocks, hashBlocks },
    rootBytes: () => slot.rootBytes(),
    manifest: manifestBytes,
    signature,
    uki,
  });
}

async function sbsign(uki: Buffer, { key, certificate }: SecureBootKey): Promise<Buffer> {
  return await withTemporaryFolder('sbsign', async (folder) => {
    const [unsigned, signed] = [join(folder, 'unsigned.efi'), join(folder, 'signed.efi')];
    await writeOutput(unsigned, uki);
    await run(['sbsign', '--key', key, '--cert', certificate, '--output', signed, unsigned], {
      hint: 'install sbsigntool; the key and the certificate are PEM files',
    });
    return await readFile(signed);
  });
}
