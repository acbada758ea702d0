import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'mount-duplicate',
  family: 'filesystem',
  severity: 'error',
  certainty: 'certain',
  reads: 'parser',
  summary: 'a place is mounted twice',
  explanation: 'Only the later mount can be seen; what the earlier one held is out of reach.',
  fix: 'Leave one of them out; `prodng lint --fix` does it when they are alike.',
  references: ['mount(8)'],
  triggers: { control: 'Jail-Filesystem: rw /var/lib/hello size=8M\n tmp /var/lib/hello' },
  clean: { control: 'Jail-Filesystem: rw /var/lib/hello size=8M\n tmp /tmp' },
};
