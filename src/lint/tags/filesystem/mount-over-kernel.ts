import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'mount-over-kernel',
  family: 'filesystem',
  severity: 'error',
  certainty: 'certain',
  reads: 'parser',
  summary: 'a mount covers what the runtime sets up',
  explanation:
    '/proc, /sys and /dev are made by the runtime with what may be seen masked; a mount over them ' +
    'undoes that.',
  fix: 'Leave it out; in /dev only folders in /dev/shm may be declared.',
  references: ['docs/control-fields.md'],
  triggers: { control: 'Jail-Filesystem: tmp /proc/hello' },
  clean: { control: 'Jail-Filesystem: tmp /dev/shm/hello' },
};
