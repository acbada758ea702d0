import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'mount-overlap',
  family: 'filesystem',
  severity: 'error',
  certainty: 'certain',
  reads: 'parser',
  summary: 'a mount lies within another',
  explanation:
    'Which one wins depends on their order, and a volume within a tmpfs looks like one that is lost ' +
    'at each start.',
  fix: 'Declare the outer place, or apart from each other only inner ones.',
  references: ['mount(8)'],
  triggers: { control: 'Jail-Filesystem: rw /var/lib/hello size=8M\n tmp /var/lib/hello/cache' },
  clean: { control: 'Jail-Filesystem: rw /var/lib/hello size=8M\n tmp /var/cache/hello' },
};
