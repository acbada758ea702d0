import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'jail-field-invalid',
  family: 'control',
  severity: 'error',
  certainty: 'certain',
  reads: 'parser',
  unreadable: true,
  summary: 'the value of a jail field is not allowed',
  explanation: 'The value does not have the form of its field, so that nothing can be put in force by it.',
  fix: 'Write the value as the message says.',
  references: ['docs/control-fields.md'],
  triggers: { control: 'Jail-Memory: much' },
  clean: { control: 'Jail-Memory: 64M' },
};
