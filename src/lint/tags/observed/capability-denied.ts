import { checkOf } from '../../observed-check.ts';
import { used } from '../../observed-example.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'capability-denied',
  family: 'observed',
  severity: 'warning',
  certainty: 'certain',
  reads: 'profile',
  summary: 'a call failed for want of a capability that is not declared',
  explanation:
    'The kernel asked for a capability in the user namespace of the jail, did not find it, and the call returned EPERM or EACCES.',
  fix: 'Declare the capability if the service cannot do without it, or configure the service not to try.',
  references: ['capabilities(7)'],
  triggers: { profile: { capabilities: [{ ...used('CAP_CHOWN'), granted: 0, denied: 1, hard: 1 }] } },
  clean: { profile: { capabilities: [{ ...used('CAP_FSETID'), granted: 0, denied: 1 }] } },
  check: checkOf('capability-denied'),
};
