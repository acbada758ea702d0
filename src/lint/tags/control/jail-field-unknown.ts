import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'jail-field-unknown',
  family: 'control',
  severity: 'error',
  certainty: 'certain',
  reads: 'parser',
  unreadable: true,
  summary: 'there is no jail field of that name',
  explanation:
    'An unknown field has no effect. Most often it is a typing error, and ' + 'what was meant does not hold.',
  fix: 'Correct the name; docs/control-fields.md lists all fields.',
  references: ['docs/control-fields.md'],
  triggers: { control: 'Jail-Memroy: 64M' },
  clean: { control: 'Jail-Memory: 64M' },
};
