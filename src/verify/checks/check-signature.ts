import type { PublicKey } from 'openpgp';
import { judgeSignatures, type SignaturePolicy } from '../../sign/signature-policy.ts';
import type { SignedBytes } from '../../sign/signed-bytes.ts';
import { verifyMembers } from '../../sign/verify-signatures.ts';
import { type Check, checked, notPossible } from './check.ts';

/** Whom to believe: a policy, or just keys, of which any one must have signed. */
export interface Trust {
  keyring: readonly PublicKey[];
  policy?: SignaturePolicy;
}

/** Checks the signatures inside a .deb. Without a keyring nothing can be said of them. */
export async function checkSignature(bytes: SignedBytes, trust: Trust | undefined): Promise<Check> {
  const reports = await verifyMembers(bytes, trust?.keyring ?? []);
  if (trust === undefined) {
    const signers = reports.map(({ member, keyId }) => `${member} claims key ${keyId ?? 'unknown'}`);
    return notPossible(
      'signature',
      `no --policy and no --keyring says whom to believe; ${signers.join(', ') || 'it is not signed'}`,
    );
  }
  if (trust.policy !== undefined) {
    const { findings } = judgeSignatures(reports, trust.policy.rules, trust.policy.validNow);
    return checked('signature', findings, valid(reports));
  }
  const wrong = reports
    .filter(({ status }) => status === 'bad' || status === 'unreadable')
    .map(({ message }) => message);
  const hasValid = reports.some(({ status }) => status === 'valid');
  if (reports.length === 0) return checked('signature', ['it is not signed'], '');
  const others = hasValid ? [] : reports.map(({ message }) => message);
  return checked('signature', [...new Set([...wrong, ...others])], valid(reports));
}

function valid(reports: readonly { status: string; message: string }[]): string {
  return reports
    .filter(({ status }) => status === 'valid')
    .map(({ message }) => message)
    .join('; ');
}
