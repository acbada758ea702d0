import { shortName } from '../../capability-text.ts';
import type { Found } from '../../finding.ts';
import type { Policy } from '../../policy.ts';
import type { Subject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'policy-capability',
  family: 'policy',
  severity: 'error',
  certainty: 'certain',
  reads: 'policy',
  summary: 'the policy forbids a capability',
  explanation: "The site's rules say which capabilities no jail may have.",
  fix: 'Remove it, or ask the owner of the policy to change it.',
  references: ['docs/lint-policy.md'],
  triggers: {
    control: 'Jail-Capabilities: CHOWN',
    policy: { format: 1, capabilities: { forbidden: ['CHOWN'] } },
  },
  clean: {
    control: 'Jail-Capabilities: KILL',
    policy: { format: 1, capabilities: { forbidden: ['CHOWN'] } },
  },
  check,
};

function* check({ declaration }: Subject, policy: Policy): Iterable<Found> {
  const forbidden = policy.capabilities?.forbidden ?? [];
  for (const capability of declaration?.capabilities ?? []) {
    if (!forbidden.includes(capability)) continue;
    const message = `${capability} is forbidden by the policy`;
    yield { message, context: capability, field: 'Capabilities', at: shortName(capability) };
  }
}
