import { checkOf } from '../../observed-check.ts';
import { used } from '../../observed-example.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'capability-never-used',
  family: 'observed',
  severity: 'warning',
  certainty: 'certain',
  reads: 'profile',
  summary: 'a capability was declared and never used',
  explanation:
    'The kernel counts each check of a capability that succeeds. A record from the first instruction on, without a loss, has none of this one: the jail does its work without it, and an attacker who takes the jail over would have it.',
  fix: 'Leave it out; record the service under its real load first, as `prodng audit propose` does.',
  references: ['capabilities(7)'],
  triggers: { control: 'Jail-Capabilities: CHOWN', profile: {} },
  clean: { control: 'Jail-Capabilities: CHOWN', profile: { capabilities: [used('CAP_CHOWN')] } },
  check: checkOf('capability-never-used'),
};
