import type { Found } from '../../finding.ts';
import type { Policy } from '../../policy.ts';
import type { Subject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'policy-limit-missing',
  family: 'policy',
  severity: 'error',
  certainty: 'certain',
  reads: 'policy',
  summary: 'the policy wants a limit to be declared',
  explanation:
    'The site policy lists limits that every jail must declare itself, so that none depends on a ' +
    'default.',
  fix: 'Declare the field.',
  references: ['docs/lint-policy.md'],
  triggers: { control: 'Jail-Pids:', policy: { format: 1, limits: { required: ['Pids'] } } },
  clean: { control: 'Jail-Pids: 8', policy: { format: 1, limits: { required: ['Pids'] } } },
  check,
};

function* check({ stanza, prefix }: Subject, policy: Policy): Iterable<Found> {
  for (const name of policy.limits?.required ?? []) {
    if (stanza?.field(prefix + name) !== undefined) continue;
    yield { message: `${prefix}${name} must be declared, says the policy`, context: name };
  }
}
