import { checkOf } from '../../observed-check.ts';
import { entered } from '../../observed-example.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'syscalls-refused',
  family: 'observed',
  severity: 'warning',
  certainty: 'certain',
  reads: 'profile',
  summary: 'system calls were refused',
  explanation:
    'The seccomp filter of the jail refused calls that its programs made: because Jail-Syscalls does not declare them, or for an argument, such as a flag that makes a namespace.',
  fix: 'Declare the call if the service cannot do without it. For one that is refused for its arguments, configure the service not to try.',
  references: ['seccomp(2)'],
  triggers: { profile: { calls: [{ ...entered('mount'), entered: 0, refused: 2 }] } },
  clean: { profile: { calls: [{ ...entered('clone3'), entered: 0, refused: 2 }] } },
  check: checkOf('syscalls-refused'),
};
