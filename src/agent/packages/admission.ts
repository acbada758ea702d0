import { ProdngError } from '../../error/prodng-error.ts';
import type { AgentConfig } from '../state/agent-config.ts';
import type { Admission } from './installed.ts';

/** What may be installed: everything where no policy is configured, else what is signed as it asks. */
export function admission({ signaturePolicy }: Pick<AgentConfig, 'signaturePolicy'>): Admission {
  if (signaturePolicy === undefined) return async () => {};
  return async (deb) => {
    const { readSignaturePolicy, judgeSignatures } = await import('../../sign/signature-policy.ts');
    const { verifySignatures } = await import('../../sign/verify-signatures.ts');
    // read anew each time, so that a key that was taken out of it counts no more
    const { keyring, rules } = await readSignaturePolicy(signaturePolicy);
    const { passed, findings } = judgeSignatures(await verifySignatures(deb, keyring), rules);
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
