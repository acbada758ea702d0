import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'tmpfs-exceeds-memory',
  family: 'limits',
  severity: 'error',
  certainty: 'certain',
  reads: 'parser',
  summary: 'a tmpfs is larger than the memory that it counts against',
  explanation:
    "What is written to a tmpfs counts as the jail's memory. Filled up, it has the kernel kill the " +
    'service.',
  fix: 'Make it smaller than Jail-Memory, or declare a volume with `rw`.',
  references: ['tmpfs(5)', 'cgroups(7)'],
  triggers: { control: 'Jail-Filesystem: tmp /tmp size=128M\nJail-Memory: 64M' },
  clean: { control: 'Jail-Filesystem: tmp /tmp size=16M\nJail-Memory: 64M' },
};
