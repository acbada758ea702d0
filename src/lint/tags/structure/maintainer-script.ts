import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'maintainer-script',
  family: 'structure',
  severity: 'error',
  certainty: 'certain',
  reads: 'deb',
  summary: 'the .deb has a maintainer script',
  explanation:
    'Installing a jail is unpacking data. A script would run as root of the host, outside of any ' + 'jail.',
  fix: 'Build it with `prodng build`, which leaves scripts out.',
  references: ['Policy 6', 'docs/architecture.md'],
  triggers: { deb: { controlFiles: { postinst: '#!/bin/sh\nexit 0\n' } } },
  clean: {},
  check,
};

const scripts = ['preinst', 'postinst', 'prerm', 'postrm', 'config'];

function* check({ deb }: DebSubject): Iterable<Found> {
  for (const name of scripts) {
    if (!deb.controlFiles.has(name)) continue;
    yield { message: `${name} would run as root of the host`, context: name, file: name };
  }
}
