import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'mount-writable-system',
  family: 'filesystem',
  severity: 'error',
  certainty: 'certain',
  reads: 'parser',
  summary: 'a writable mount covers programs or the configuration',
  explanation:
    'A process that can write there can make the jail run something else at its next start, and no ' +
    'signature would show it.',
  fix: 'Declare a folder of data instead, such as /var/lib/NAME.',
  references: ['FHS 3.0 chapter 4'],
  triggers: { control: 'Jail-Filesystem: rw /usr/lib/hello size=8M' },
  clean: { control: 'Jail-Filesystem: rw /var/lib/hello size=8M' },
};
