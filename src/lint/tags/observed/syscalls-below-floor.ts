import { checkOf } from '../../observed-check.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'syscalls-below-floor',
  family: 'observed',
  severity: 'pedantic',
  certainty: 'certain',
  reads: 'profile',
  summary: 'Jail-Syscalls lacks calls that the container runtime makes itself',
  explanation:
    'Between loading the filter and executing the service the runtime makes a few system calls of its own. They are allowed in any case, so that the filter in force is wider than what is declared.',
  fix: 'Declare them, so that the declaration says what is in force.',
  references: ['seccomp(2)'],
  triggers: { control: 'Jail-Syscalls: read write', profile: {} },
  clean: { control: 'Jail-Syscalls: @system-service', profile: {} },
  check: checkOf('syscalls-below-floor'),
};
