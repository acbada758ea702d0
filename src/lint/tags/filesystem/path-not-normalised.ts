import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'path-not-normalised',
  family: 'filesystem',
  severity: 'error',
  certainty: 'certain',
  reads: 'parser',
  summary: 'a path is not normalised',
  explanation: 'Two ways to write one path are compared as two places.',
  fix: 'Write it as the message says; `prodng lint --fix` does it.',
  references: ['path_resolution(7)'],
  triggers: { control: 'Jail-Filesystem: rw /var//lib/hello/ size=8M' },
  clean: { control: 'Jail-Filesystem: rw /var/lib/hello size=8M' },
};
