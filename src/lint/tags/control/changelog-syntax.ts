import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'changelog-syntax',
  family: 'control',
  severity: 'error',
  certainty: 'certain',
  reads: 'parser',
  unreadable: true,
  summary: 'debian/changelog cannot be read',
  explanation:
    'The changelog gives the version, and the time that the build takes for now. A build without it ' +
    'is neither named nor reproducible.',
  fix: 'Write the newest entry as dpkg-parsechangelog(1) reads it, for example with dch(1).',
  references: ['Policy 4.4', 'deb-changelog(5)'],
  triggers: { source: { 'debian/changelog': 'hello 1.0\n' } },
  clean: {},
};
