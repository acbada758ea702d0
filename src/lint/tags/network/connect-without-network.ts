import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'connect-without-network',
  family: 'network',
  severity: 'error',
  certainty: 'certain',
  reads: 'parser',
  summary: 'egress is declared in a jail that has no way out',
  explanation: 'Only a jail with an interface on the uplink can reach anything outside.',
  fix: 'Declare Jail-Network: macvlan, or leave Jail-Connect out.',
  references: ['network_namespaces(7)'],
  triggers: { control: 'Jail-Connect: db.example.org:5432/tcp' },
  clean: { control: 'Jail-Network: macvlan\nJail-Connect: db.example.org:5432/tcp' },
};
