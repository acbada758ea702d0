import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'jail-field-missing',
  family: 'control',
  severity: 'error',
  certainty: 'certain',
  reads: 'parser',
  unreadable: true,
  summary: 'a jail field that every jail must have is missing',
  explanation:
    'Without the format the other fields cannot be interpreted, and without the command there is ' +
    'nothing to run.',
  fix: 'Add the field that the message names.',
  references: ['docs/control-fields.md'],
  triggers: { control: 'Jail-Command:' },
  clean: { control: 'Jail-Command: /usr/bin/hello' },
};
