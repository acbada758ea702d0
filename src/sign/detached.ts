import { Readable } from 'node:stream';
import { ProdngError } from '../error/prodng-error.ts';
import { writeOutput } from '../output/write-output.ts';
import { readRegularFile } from '../system/regular-file.ts';
import { openpgp } from './openpgp.ts';
import { openSignedBytes } from './signed-bytes.ts';
import type { Signer } from './signer.ts';

const mostBytes = 1 << 24;

/**
 * Signs the unsigned bytes of a .deb beside it: PATH.asc, armoured, with one signature a signer. gpgv and sqv verify
 * it against the file without its embedded signatures.
 *
 * @returns the path of the signature
 * @throws ProdngError KEY, IO, DEB_FORMAT
 */
export async function signDetached(path: string, signers: readonly Signer[]): Promise<string> {
  const bytes = await openSignedBytes(path);
  try {
    return await signBeside(path, () => bytes.unsigned(), signers);
  } finally {
    await bytes.close();
  }
}

/**
 * Signs the bytes of a file of any kind beside it: PATH.asc, armoured, with one signature a signer.
 *
 * @returns the path of the signature
 * @throws ProdngError KEY, IO
 */
export async function signFileDetached(path: string, signers: readonly Signer[]): Promise<string> {
  const bytes = readRegularFile(path, mostBytes);
  if (bytes === undefined) throw new ProdngError('IO', `${path}: no such file`);
  return signBeside(path, () => Readable.from([bytes]), signers);
}

/** @param data the bytes to sign, once more for each signer */
async function signBeside(
  path: string,
  data: () => AsyncIterable<Uint8Array>,
  signers: readonly Signer[],
): Promise<string> {
  const signatures: Uint8Array[] = [];
  for (const signer of signers) signatures.push(await signer.detached(data()));
  const output = `${path}.asc`;
  await writeOutput(output, await armored(Buffer.concat(signatures)));
  return output;
}

/** Armours the packets of a detached signature. */
export async function armored(binarySignature: Uint8Array): Promise<string> {
  const { readSignature } = await openpgp();
  const signature = await readSignature({ binarySignature });
  return signature.armor().replaceAll('\r\n', '\n');
}
