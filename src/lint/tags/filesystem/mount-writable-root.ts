import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'mount-writable-root',
  family: 'filesystem',
  severity: 'error',
  certainty: 'certain',
  reads: 'parser',
  summary: 'a mount would replace the rootfs',
  explanation: 'The rootfs is the package, read-only and verified. Mounted over, none of that holds.',
  fix: 'Declare the folders that the service writes to.',
  references: ['docs/control-fields.md'],
  triggers: { control: 'Jail-Filesystem: rw / size=8M' },
  clean: { control: 'Jail-Filesystem: rw /srv size=8M' },
};
