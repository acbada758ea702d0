import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'path-relative',
  family: 'filesystem',
  severity: 'error',
  certainty: 'certain',
  reads: 'parser',
  summary: 'a path is not absolute',
  explanation: 'There is no folder that it could be relative to.',
  fix: 'Write the absolute path in the jail.',
  references: ['docs/control-fields.md'],
  triggers: { control: 'Jail-Filesystem: rw var/lib/hello size=8M' },
  clean: { control: 'Jail-Filesystem: rw /var/lib/hello size=8M' },
};
