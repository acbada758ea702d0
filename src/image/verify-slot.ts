import { createHash } from 'node:crypto';
import type { PublicKey } from 'openpgp';
import { ProdngError } from '../error/prodng-error.ts';
import { openEnvelope } from '../sign/verify-envelope.ts';
import type { SignatureReport } from '../sign/verify-signatures.ts';
import { isSignedPe, stripPeSignatures } from './pe.ts';
import type { OpenSlot } from './slot.ts';
import { ukiContents } from './uki.ts';
import { verityTree } from './verity.ts';

/** One thing that was checked of a slot. */
export interface SlotCheck {
  name: 'uki' | 'root' | 'command-line' | 'signature' | 'secure-boot';
  /** `absent`: there is nothing to check. */
  result: 'passed' | 'failed' | 'absent';
  message: string;
}

/** The media type of what a release key signs: the manifest, which names everything else by its digest. */
export const manifestType = 'application/vnd.prodng.image-manifest+json';

/** What identifies an image, signed or not: the SHA-256 of its manifest. */
export function imageDigest({ manifestBytes }: Pick<OpenSlot, 'manifestBytes'>): string {
  return createHash('sha256').update(manifestBytes).digest('hex');
}

/**
 * Reads all of a slot, and checks that its parts are what its manifest says, and who signed that.
 *
 * @param keyring whom to believe
 */
export async function verifySlot(slot: OpenSlot, keyring: readonly PublicKey[]): Promise<SlotCheck[]> {
  const { manifest, header, uki } = slot;
  const checks: SlotCheck[] = [];
  const check = (name: SlotCheck['name'], passed: boolean, message: string): void => {
    checks.push({ name, result: passed ? 'passed' : 'failed', message });
  };
  const bare = stripPeSignatures(uki);
  const digest = createHash('sha256').update(bare).digest('hex');
  check('uki', digest === manifest.uki.sha256, `SHA-256 ${digest} without signatures`);
  const { commandLine } = ukiContents(uki);
  const named = /(?:^| )prodng\.root=([0-9a-f]{64})(?: |$)/.exec(commandLine)?.[1];
  check(
    'command-line',
    named === manifest.root.hash && named === header.rootHash && commandLine === manifest.kernel.commandLine,
    'the UKI, the slot and the manifest name the same root',
  );
  const { rootHash, dataBlocks, tree } = await verityTree(slot.squashfs());
  const stored = createHash('sha256');
  let at = 0;
  for await (const chunk of slot.rootBytes()) {
    const begin = Math.max(0, dataBlocks * 4096 - at);
    if (begin < chunk.length) stored.update(chunk.subarray(begin));
    at += chunk.length;
  }
  const sameTree = stored.digest('hex') === createHash('sha256').update(tree).digest('hex');
  check('root', rootHash === manifest.root.hash && sameTree, `root hash ${rootHash}`);
  checks.push(await signatureCheck(slot, keyring));
  checks.push({
    name: 'secure-boot',
    result: isSignedPe(uki) ? 'passed' : 'absent',
    message: isSignedPe(uki)
      ? 'the UKI has a signature for the firmware'
      : 'the UKI is not signed for the firmware',
  });
  return checks;
}

async function signatureCheck(slot: OpenSlot, keyring: readonly PublicKey[]): Promise<SlotCheck> {
  const name = 'signature';
  if (slot.signature.length === 0) return { name, result: 'absent', message: 'the manifest is not signed' };
  try {
    const opened = await openEnvelope(slot.signature.toString('utf8'), slot.path, keyring);
    if (opened.payloadType !== manifestType || !opened.payload.equals(slot.manifestBytes))
      return { name, result: 'failed', message: 'the signature is over another manifest' };
    const valid = opened.reports.find(({ status }) => status === 'valid');
    const first: SignatureReport | undefined = valid ?? opened.reports[0];
    return {
      name,
      result: valid === undefined ? 'failed' : 'passed',
      message: first?.message ?? 'no signature',
    };
  } catch (error) {
    if (!(error instanceof ProdngError)) throw error;
    return { name, result: 'failed', message: error.message };
  }
}
