import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'override-forbidden',
  family: 'overrides',
  severity: 'error',
  certainty: 'certain',
  reads: 'overrides',
  summary: 'the policy forbids an override',
  explanation: "The site's rules say which findings no source may accept by itself.",
  fix: 'Fix what it covers, or ask the owner of the policy to change it.',
  references: ['docs/lint-policy.md'],
  triggers: {
    control: 'Jail-Health:',
    source: { 'debian/jail.lint-overrides': 'Tag: health-missing\nReason: it has no port\n' },
    policy: { format: 1, overrides: { forbiddenTags: ['health-missing'] } },
  },
  clean: {
    control: 'Jail-Health:',
    source: { 'debian/jail.lint-overrides': 'Tag: health-missing\nReason: it has no port\n' },
    policy: { format: 1, overrides: { forbiddenTags: ['health-port-undeclared'] } },
  },
};
