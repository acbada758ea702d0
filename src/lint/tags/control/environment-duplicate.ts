import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'environment-duplicate',
  family: 'control',
  severity: 'error',
  certainty: 'certain',
  reads: 'parser',
  summary: 'a variable is set twice in Jail-Environment',
  explanation: 'Which of the two a program sees depends on how it reads its environment.',
  fix: 'Leave one of them out.',
  references: ['environ(7)'],
  triggers: { control: 'Jail-Environment: A=1\n A=2' },
  clean: { control: 'Jail-Environment: A=1\n B=2' },
};
