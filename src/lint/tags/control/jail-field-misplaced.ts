import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'jail-field-misplaced',
  family: 'control',
  severity: 'error',
  certainty: 'certain',
  reads: 'parser',
  unreadable: true,
  summary: 'a jail field is in a place that dpkg ignores',
  explanation:
    "dpkg copies only fields named XB-Jail-... of the binary package's stanza into the .deb. " +
    'Anything else is lost on the way, and its default holds.',
  fix: 'Name it XB-Jail-..., in the stanza of the binary package.',
  references: ['Policy 5.7', 'docs/control-fields.md'],
  triggers: {
    source: {
      'debian/control':
        'Source: hello\nXB-Jail-Memory: 64M\n\nPackage: hello\nArchitecture: any\nXB-Jail-Format: 1\nXB-Jail-Command: /usr/bin/hello\n',
    },
  },
  clean: {},
};
