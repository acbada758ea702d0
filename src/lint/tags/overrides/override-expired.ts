import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'override-expired',
  family: 'overrides',
  severity: 'warning',
  certainty: 'certain',
  reads: 'overrides',
  summary: 'an override has expired',
  explanation: 'The finding was accepted until that day. It counts again.',
  fix: 'Fix what it covers, or renew the date after a review.',
  references: ['docs/lint-tags.md'],
  triggers: {
    control: 'Jail-Health:',
    source: {
      'debian/jail.lint-overrides': 'Tag: health-missing\nReason: it has no port\nExpires: 2025-06-30\n',
    },
  },
  clean: {
    control: 'Jail-Health:',
    source: {
      'debian/jail.lint-overrides': 'Tag: health-missing\nReason: it has no port\nExpires: 2027-06-30\n',
    },
  },
};
