import { checkOf } from '../../observed-check.ts';
import { used } from '../../observed-example.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'capability-cannot-help',
  family: 'observed',
  severity: 'info',
  certainty: 'certain',
  reads: 'profile',
  summary: 'a call failed for want of a capability of the host, which no jail can have',
  explanation:
    'The kernel asked for a capability in the initial user namespace. A jail has a user namespace of its own: no declaration gives it that one.',
  fix: 'Configure the service not to try: raising limits and priorities or making device nodes is for the host.',
  references: ['user_namespaces(7)'],
  triggers: {
    profile: { capabilities: [{ ...used('CAP_SYS_RESOURCE'), granted: 0, host: 1, hostHard: 1 }] },
  },
  clean: { profile: { capabilities: [{ ...used('CAP_SYS_RESOURCE'), granted: 0, host: 1 }] } },
  check: checkOf('capability-cannot-help'),
};
