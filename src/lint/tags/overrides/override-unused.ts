import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'override-unused',
  family: 'overrides',
  severity: 'warning',
  certainty: 'certain',
  reads: 'overrides',
  summary: 'an override covers nothing',
  explanation:
    'What it was for is gone, or it is misspelled. Left there, it will cover the next finding of its ' +
    'kind, which has not been reviewed.',
  fix: 'Remove it.',
  references: ['docs/lint-tags.md'],
  triggers: { source: { 'debian/jail.lint-overrides': 'Tag: health-missing\nReason: it has no port\n' } },
  clean: {
    control: 'Jail-Health:',
    source: { 'debian/jail.lint-overrides': 'Tag: health-missing\nReason: it has no port\n' },
  },
};
