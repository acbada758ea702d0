import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'connect-contradictory',
  family: 'network',
  severity: 'error',
  certainty: 'certain',
  reads: 'parser',
  summary: 'Jail-Connect says `none` or `any` beside other rules',
  explanation:
    'With `any` the other rules allow nothing more, with `none` they contradict it. A reader cannot ' +
    'tell what was meant.',
  fix: 'Keep the rules that name hosts.',
  references: ['docs/control-fields.md'],
  triggers: { control: 'Jail-Network: macvlan\nJail-Connect: any, db.example.org:5432/tcp' },
  clean: { control: 'Jail-Network: macvlan\nJail-Connect: db.example.org:5432/tcp' },
};
