import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'path-escapes',
  family: 'filesystem',
  severity: 'error',
  certainty: 'certain',
  reads: 'parser',
  summary: 'a path leads upwards',
  explanation:
    'With a symbolic link in the path, `..` leads elsewhere; that is how mounts end up ' +
    'outside of a jail.',
  fix: 'Write the path without `..`.',
  references: ['path_resolution(7)'],
  triggers: { control: 'Jail-Filesystem: rw /var/lib/../../etc size=8M' },
  clean: { control: 'Jail-Filesystem: rw /var/lib/hello size=8M' },
};
