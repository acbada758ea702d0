import { ProdngError } from '../../error/prodng-error.ts';
import type { AgentConfig } from '../state/agent-config.ts';
import type { InstallPolicy } from './installed.ts';

/** What may be installed: everything where no policy is configured, else what is signed as it asks. */
export function installPolicy({ signaturePolicy }: Pick<AgentConfig, 'signaturePolicy'>): InstallPolicy {
  if (signaturePolicy === undefined) return async () => {};
  return async (deb) => {
    const { readSignaturePolicy, judgeSignatures } = await import('../../sign/signature-policy.ts');
    const { verifySignatures } = await import('../../sign/verify-signatures.ts');
    // read each time, so that a key removed from it no longer counts
    const { keyring, rules, validNow } = await readSignaturePolicy(signaturePolicy);
    const { passed, findings } = judgeSignatures(await verifySignatures(deb, keyring), rules, validNow);
    if (!passed)
      throw new ProdngError(
        'SIGNATURE',
        `${deb}: this host's policy does not take it: ${findings.join('; ')}`,
        {
          hint: `the policy is ${signaturePolicy}`,
        },
      );
  };
}
