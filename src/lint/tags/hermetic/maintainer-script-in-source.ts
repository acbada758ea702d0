import type { Found } from '../../finding.ts';
import type { SourceSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'maintainer-script-in-source',
  family: 'hermetic',
  severity: 'error',
  certainty: 'certain',
  reads: 'source',
  summary: 'the source has a maintainer script',
  explanation:
    'A jail .deb has none: installing one is unpacking data, and nothing of it runs as root of the ' +
    'host. The script would be left out without a word.',
  fix: 'Do at build time what it does, in debian/rules, or at the start of the service.',
  references: ['Policy 6', 'docs/architecture.md'],
  triggers: { source: { 'debian/postinst': '#!/bin/sh\nexit 0\n' } },
  clean: { source: { 'debian/install': 'hello usr/bin\n' } },
  check,
};

const scripts = new Set(['preinst', 'postinst', 'prerm', 'postrm', 'config', 'triggers']);

function* check({ debianFiles }: SourceSubject): Iterable<Found> {
  for (const name of debianFiles) {
    // PACKAGE.postinst belongs to one of several packages; a name cannot start with the dot
    const dot = name.lastIndexOf('.');
    if (dot === 0 || !scripts.has(name.slice(dot + 1))) continue;
    const file = `debian/${name}`;
    yield { message: `${file} does not get into a jail .deb`, context: name, file };
  }
}
