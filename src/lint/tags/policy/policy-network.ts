import type { Found } from '../../finding.ts';
import type { Policy } from '../../policy.ts';
import type { Subject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'policy-network',
  family: 'policy',
  severity: 'error',
  certainty: 'certain',
  reads: 'policy',
  summary: 'the policy does not allow the network',
  explanation: "The site's rules say which kinds of network jails may have.",
  fix: 'Declare another network, or ask the owner of the policy to change it.',
  references: ['docs/lint-policy.md'],
  triggers: { policy: { format: 1, networks: { allowed: ['none'] } } },
  clean: { policy: { format: 1, networks: { allowed: ['none', 'loopback'] } } },
  check,
};

function* check({ declaration }: Subject, policy: Policy): Iterable<Found> {
  const allowed = policy.networks?.allowed;
  if (declaration === undefined || allowed === undefined || allowed.includes(declaration.network)) return;
  const message = `${declaration.network} is not allowed by the policy; allowed: ${allowed.join(', ') || 'nothing'}`;
  yield { message, context: declaration.network, field: 'Network', at: declaration.network };
}
