import { isWithin } from '../../../control/jail-path.ts';
import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'mount-hides-files',
  family: 'filesystem',
  severity: 'warning',
  certainty: 'certain',
  reads: 'deb',
  summary: 'a mount hides files of the package',
  explanation: 'What the rootfs has below a mount cannot be seen in the jail; a volume starts empty.',
  fix: 'Install the files elsewhere, or have the program copy them at its first start.',
  references: ['mount(8)'],
  triggers: {
    control: 'Jail-Filesystem: rw /var/lib/hello size=8M',
    rootfs: { 'var/lib/hello/seed.db': 'x' },
  },
  clean: {
    control: 'Jail-Filesystem: rw /var/lib/hello size=8M',
    rootfs: { 'usr/share/hello/seed.db': 'x' },
  },
  check,
};

function* check({ rootfs, declaration }: DebSubject): Iterable<Found> {
  for (const mount of declaration?.filesystem ?? []) {
    const place = rootfs.at(mount.path);
    if (place?.type !== 'directory') continue;
    const hidden = [...rootfs.nodes.values()].filter(
      ({ path, type }) => type !== 'directory' && isWithin(path, place.path),
    );
    const [first] = hidden;
    if (first === undefined) continue;
    const more = hidden.length === 1 ? '' : ` and ${hidden.length - 1} more`;
    const message = `${mount.path} hides ${first.path}${more}`;
    yield { message, context: mount.path, field: 'Filesystem', at: mount.path };
  }
}
