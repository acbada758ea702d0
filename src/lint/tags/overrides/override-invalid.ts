import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'override-invalid',
  family: 'overrides',
  severity: 'error',
  certainty: 'certain',
  reads: 'overrides',
  summary: 'an override cannot be read',
  explanation:
    'An override names a tag that exists and gives a reason. Without a reason it is impossible to know later ' +
    'whether it still holds.',
  fix: 'Write it as docs/lint-tags.md shows.',
  references: ['docs/lint-tags.md'],
  triggers: { control: 'Jail-Health:', source: { 'debian/jail.lint-overrides': 'Tag: health-missing\n' } },
  clean: {
    control: 'Jail-Health:',
    source: { 'debian/jail.lint-overrides': 'Tag: health-missing\nReason: it has no port\n' },
  },
};
