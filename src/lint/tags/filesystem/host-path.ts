import type { Found } from '../../finding.ts';
import type { DeclaredSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'host-path',
  family: 'filesystem',
  severity: 'info',
  certainty: 'certain',
  reads: 'declaration',
  summary: 'the jail sees a path of the host',
  explanation:
    'What a jail finds there differs from host to host, so that the package is not all of what runs.',
  fix: 'Ship the file in the package when it can be the same everywhere.',
  references: ['docs/control-fields.md'],
  triggers: { control: 'Jail-Filesystem: ro /srv/certificates /etc/hello/certificates' },
  clean: { control: 'Jail-Filesystem: rw /srv/certificates size=1M' },
  check,
};

function* check({ declaration: { filesystem } }: DeclaredSubject): Iterable<Found> {
  for (const mount of filesystem) {
    if (mount.kind !== 'ro') continue;
    const message = `${mount.hostPath} of the host is shown as ${mount.path}; the host's policy must allow it`;
    yield { message, context: mount.hostPath, field: 'Filesystem', at: mount.hostPath };
  }
}
