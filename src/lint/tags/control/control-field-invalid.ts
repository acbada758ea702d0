import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'control-field-invalid',
  family: 'control',
  severity: 'error',
  certainty: 'certain',
  reads: 'parser',
  unreadable: true,
  summary: 'a field that dpkg needs is missing or malformed',
  explanation: 'Without Source, Package and Architecture in their right form dpkg builds nothing.',
  fix: 'Write the field as the message says.',
  references: ['Policy 5.6.1', 'Policy 5.6.8'],
  triggers: {
    source: {
      'debian/control':
        'Source: hello\n\nPackage: Hello World\nArchitecture: any\nXB-Jail-Format: 1\nXB-Jail-Command: /usr/bin/hello\n',
    },
  },
  clean: { control: 'Architecture: any' },
};
