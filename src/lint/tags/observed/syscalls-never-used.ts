import { checkOf } from '../../observed-check.ts';
import { entered } from '../../observed-example.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'syscalls-never-used',
  family: 'observed',
  severity: 'info',
  certainty: 'certain',
  reads: 'profile',
  summary: 'system calls are allowed that were never made',
  explanation:
    'Each system call that is allowed is a part of the kernel that can be attacked from within the jail. The record shows which the service makes.',
  fix: 'Record the service under its real load and apply what `prodng audit propose` proposes for Jail-Syscalls.',
  references: ['seccomp(2)'],
  triggers: { control: 'Jail-Syscalls: @system-service', profile: { calls: [entered('read')] } },
  clean: { control: 'Jail-Syscalls: read', profile: { calls: [entered('read')] } },
  check: checkOf('syscalls-never-used'),
};
