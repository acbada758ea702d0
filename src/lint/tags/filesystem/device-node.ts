import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'device-node',
  family: 'filesystem',
  severity: 'error',
  certainty: 'certain',
  reads: 'deb',
  summary: 'a device node is in the rootfs',
  explanation:
    "A device is a way to the host's hardware; /dev is made by the runtime, with the few that every " +
    'program may use.',
  fix: 'Leave it out.',
  references: ['mknod(2)', 'docs/architecture.md'],
  triggers: { rootfs: { 'usr/lib/hello/sda': { type: 'block', mode: 0o660 } } },
  clean: { rootfs: { 'usr/lib/hello/sda': 'x' } },
  check,
};

function* check({ deb }: DebSubject): Iterable<Found> {
  for (const { path, type } of deb.entries) {
    if (type !== 'character' && type !== 'block') continue;
    yield { message: `${path} is a ${type} device`, context: path, file: path };
  }
}
