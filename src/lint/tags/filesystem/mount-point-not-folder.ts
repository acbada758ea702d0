import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'mount-point-not-folder',
  family: 'filesystem',
  severity: 'error',
  certainty: 'certain',
  reads: 'deb',
  summary: 'a mount would cover a file',
  explanation: 'A volume or tmpfs can only be mounted on a folder; the jail does not start.',
  fix: 'Declare the folder that the file is in, or another place.',
  references: ['mount(2)'],
  triggers: { control: 'Jail-Filesystem: tmp /etc/hosts size=1M' },
  clean: { control: 'Jail-Filesystem: tmp /tmp size=1M' },
  check,
};

function* check({ rootfs, declaration }: DebSubject): Iterable<Found> {
  for (const mount of declaration?.filesystem ?? []) {
    const node = rootfs.at(mount.path);
    if (mount.kind === 'ro' || node === undefined || node.type === 'directory') continue;
    const message = `${mount.path} is a file in the rootfs; only a folder can be mounted on`;
    yield { message, context: mount.path, field: 'Filesystem', at: mount.path };
  }
}
