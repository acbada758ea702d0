import { arPadding, encodeArHeader } from '../archive/ar.ts';
import { ProdngError } from '../error/prodng-error.ts';
import { writeOutput } from '../output/write-output.ts';
import { fileMode } from './file-mode.ts';
import { openSignedBytes } from './signed-bytes.ts';
import type { Signer } from './signer.ts';
import { signingKeys } from './verify-signatures.ts';

/** The kinds of signature that debsigs names, in the order in which signers take them. */
export const signatureTypes = ['origin', 'maint', 'archive'] as const;

export interface SignDebOptions {
  signers: readonly Signer[];
  /** The type of the first signature: `origin`, `maint`, `archive` or any other lower-case word. */
  type?: string;
  /** Where the result goes (default: in place). */
  output?: string;
}

export interface AddedSignature {
  /** `_gpgorigin`. */
  member: string;
  fingerprint: string;
  userId: string;
}

/**
 * Appends a signature member for each signer, as debsigs does: debsig-verify looks up its policy by who signed
 * `_gpgorigin`, and takes one signature a member. Every signature is over debian-binary, control and data, so that
 * none depends on another. The rest of the file stays bit for bit as it was.
 *
 * @throws ProdngError USAGE when a type is there already, a key has signed already, or there are more signers than
 *   types; KEY, IO, DEB_FORMAT
 */
export async function signDeb(path: string, options: SignDebOptions): Promise<AddedSignature[]> {
  const bytes = await openSignedBytes(path);
  try {
    const there = await bytes.deb.signatureMembers();
    const names = memberNames(
      path,
      there.map(({ name }) => name),
      options,
    );
    const members: { name: string; signature: Uint8Array }[] = there.map(({ name, bytes: signature }) => ({
      name,
      signature,
    }));
    const added: AddedSignature[] = [];
    for (const [index, signer] of options.signers.entries()) {
      const name = names[index] ?? '';
      const signature = await signer.detached(bytes.members());
      await assertNew(path, signature, members, signer);
      members.push({ name, signature });
      added.push({ member: name, fingerprint: signer.fingerprint, userId: signer.userId });
    }
    // the time of the other members, which is SOURCE_DATE_EPOCH
    const mtime = bytes.deb.members[0]?.mtime ?? 0;
    await writeOutput(
      options.output ?? path,
      signedFile(bytes.unsigned(), members, mtime),
      await fileMode(path),
    );
    return added;
  } finally {
    await bytes.close();
  }
}

/** A policy counts signers: two signatures of one key would look like more than they are. */
async function assertNew(
  path: string,
  signature: Uint8Array,
  members: readonly { name: string; signature: Uint8Array }[],
  { userId, fingerprint }: Signer,
): Promise<void> {
  const keys = await signingKeys(signature);
  for (const { name, signature: other } of members) {
    if (!(await signingKeys(other)).some((key) => keys.includes(key))) continue;
    throw new ProdngError('USAGE', `${path}: ${userId} (${fingerprint}) has signed it already: ${name}`, {
      hint: 'to sign it again, remove the signatures first: prodng strip-signature FILE',
    });
  }
}

async function* signedFile(
  unsigned: AsyncIterable<Uint8Array>,
  members: readonly { name: string; signature: Uint8Array }[],
  mtime: number,
): AsyncGenerator<Uint8Array> {
  yield* unsigned;
  for (const { name, signature } of members) {
    yield encodeArHeader(name, signature.length, mtime);
    yield signature;
    yield arPadding(signature.length);
  }
}

function memberNames(path: string, there: readonly string[], { signers, type }: SignDebOptions): string[] {
  if (signers.length === 0) throw new ProdngError('USAGE', `${path}: no signer`);
  if (type !== undefined && !/^[a-z]{1,12}$/.test(type))
    throw new ProdngError('USAGE', `--type ${type}: not one to twelve lower-case letters`);
  const wanted =
    type === undefined ? [...signatureTypes] : [type, ...signatureTypes.filter((item) => item !== type)];
  if (type !== undefined && there.includes(`_gpg${type}`))
    throw new ProdngError('USAGE', `${path}: there is a _gpg${type} already`, { hint: otherType });
  const free = wanted.map((item) => `_gpg${item}`).filter((name) => !there.includes(name));
  if (free.length < signers.length)
    throw new ProdngError(
      'USAGE',
      `${path}: ${there.join(', ')} are there already, too few are left for ${signers.length} more`,
      {
        hint: otherType,
      },
    );
  // existing signatures must begin with the origin, by which debsig-verify finds its policy
  return free.slice(0, signers.length);
}

const otherType =
  'name another type: --type NAME; or remove the signatures first: prodng strip-signature FILE';
