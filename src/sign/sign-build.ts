import { readFile } from 'node:fs/promises';
import { withNewDigests } from '../build/evidence/changes.ts';
import { digestFile } from '../build/evidence/file-digest.ts';
import type { Evidence } from '../build/evidence/write-evidence.ts';
import { ProdngError } from '../error/prodng-error.ts';
import { writeOutput } from '../output/write-output.ts';
import { clearsignFile } from './clearsign.ts';
import { signStatement } from './dsse.ts';
import { type AddedSignature, signDeb } from './sign-deb.ts';
import type { Signer } from './signer.ts';

export interface SignedBuild {
  signatures: AddedSignature[];
  /** The DSSE envelope of the provenance. */
  attestation: string;
}

/**
 * Signs what a build made: the .debs and the attestation by every signer, .buildinfo and .changes by the first. The
 * .buildinfo goes on naming the unsigned .deb, which a rebuild gives; the .changes names the files as they are now.
 *
 * @throws ProdngError KEY, IO
 */
export async function signBuild(
  deb: string,
  evidence: Evidence,
  signers: readonly Signer[],
): Promise<SignedBuild> {
  const [first] = signers;
  if (first === undefined) throw new ProdngError('USAGE', `${deb}: no signer`);
  const { provenance, buildinfo, changes, others } = evidence;
  // the attestation first: a .deb with signatures but without it would look finished
  const attestation = attestationPath(provenance);
  await writeOutput(attestation, await signStatement(await readFile(provenance, 'utf8'), signers));
  const signatures = await signDeb(deb, { signers });
  for (const other of others) await signDeb(other, { signers });
  await clearsignFile(buildinfo, first);
  const files = await Promise.all([deb, ...others, buildinfo].map(digestFile));
  const text = withNewDigests(await readFile(changes, 'utf8'), changes, files);
  await writeOutput(changes, await first.clearsigned(text));
  return { signatures, attestation };
}

/** `NAME_VERSION_ARCH.intoto.jsonl` beside `NAME_VERSION_ARCH.provenance.json`. */
export function attestationPath(provenance: string): string {
  return provenance.replace(/\.provenance\.json$/, '.intoto.jsonl');
}
