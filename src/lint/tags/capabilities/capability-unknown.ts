import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'capability-unknown',
  family: 'capabilities',
  severity: 'error',
  certainty: 'certain',
  reads: 'parser',
  summary: 'there is no capability of that name',
  explanation: 'The runtime would refuse it, or worse, leave it out.',
  fix: 'Use a name of capabilities(7), with or without CAP_.',
  references: ['capabilities(7)'],
  triggers: { control: 'Jail-Capabilities: CAP_NET_BINDSERVICE' },
  clean: { control: 'Jail-Capabilities: CAP_CHOWN' },
};
