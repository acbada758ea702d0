import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'mount-point-missing',
  family: 'filesystem',
  severity: 'warning',
  certainty: 'certain',
  reads: 'deb',
  summary: 'what is declared has no place in the rootfs',
  explanation: 'The rootfs is read-only when the jail runs: an OCI runtime cannot make the folder then.',
  fix: 'Build it with `prodng build`, which makes the folders of Jail-Filesystem.',
  references: ['docs/control-fields.md'],
  triggers: { control: 'Jail-Filesystem: rw /srv/hello size=8M' },
  clean: { control: 'Jail-Filesystem: rw /var/lib/greetings size=8M' },
  check,
};

function* check({ rootfs, declaration }: DebSubject): Iterable<Found> {
  for (const mount of declaration?.filesystem ?? []) {
    if (mount.kind === 'ro' || rootfs.at(mount.path) !== undefined) continue;
    const message = `${mount.path} is not in the rootfs`;
    yield { message, context: mount.path, field: 'Filesystem', at: mount.path };
  }
}
