import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'control-syntax',
  family: 'control',
  severity: 'error',
  certainty: 'certain',
  reads: 'parser',
  unreadable: true,
  summary: 'a control file is not deb822',
  explanation:
    'dpkg and prodng read control files as deb822: fields, continuation lines, stanzas. What does ' +
    'not follow it cannot be read, or is read by two programs in two ways.',
  fix: 'Correct the line that is named: a field is `Name: value`, a continuation line starts with a blank.',
  references: ['deb822(5)', 'Policy 5.1'],
  triggers: { control: 'Jail-Memory 64M' },
  clean: { control: 'Jail-Memory: 64M' },
};
