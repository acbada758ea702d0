import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'listen-without-network',
  family: 'network',
  severity: 'error',
  certainty: 'certain',
  reads: 'parser',
  summary: 'a service listens in a jail without a network',
  explanation: 'With Jail-Network: none there is no interface on which anybody could reach it.',
  fix: 'Declare Jail-Network: loopback or macvlan, or leave Jail-Listen out.',
  references: ['network_namespaces(7)'],
  triggers: { control: 'Jail-Network: none\nJail-Health:' },
  clean: { control: 'Jail-Network: loopback' },
};
