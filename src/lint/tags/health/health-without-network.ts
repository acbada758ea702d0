import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'health-without-network',
  family: 'health',
  severity: 'error',
  certainty: 'certain',
  reads: 'parser',
  summary: 'the health check goes over a network that the jail does not have',
  explanation:
    'With Jail-Network: none no connection to the service can be made, so that it would count as ill ' +
    'for ever.',
  fix: 'Declare Jail-Network: loopback, or check by a program in the jail.',
  references: ['docs/control-fields.md'],
  triggers: { control: 'Jail-Network: none\nJail-Listen:' },
  clean: { control: 'Jail-Health: http://:8080/healthz' },
};
