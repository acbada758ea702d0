import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'syscall-unknown',
  family: 'control',
  severity: 'error',
  certainty: 'certain',
  reads: 'parser',
  summary: 'there is no system call or group of that name',
  explanation: 'A filter with a name that does not exist allows something else than was meant.',
  fix: 'Use a name of syscalls(2), or a group that `systemd-analyze syscall-filter` lists.',
  references: ['syscalls(2)', 'systemd.exec(5)'],
  triggers: { control: 'Jail-Syscalls: @system-service, opne' },
  clean: { control: 'Jail-Syscalls: @system-service, open' },
};
