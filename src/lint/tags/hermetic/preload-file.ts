import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'preload-file',
  family: 'hermetic',
  severity: 'warning',
  certainty: 'certain',
  reads: 'deb',
  summary: '/etc/ld.so.preload has libraries loaded into every program',
  explanation: 'It is the oldest way to hide in a system, and comes with no package of Debian.',
  fix: 'Leave the file out.',
  references: ['ld.so(8)'],
  triggers: { rootfs: { 'etc/ld.so.preload': '/usr/lib/libhook.so\n' } },
  clean: { rootfs: { 'etc/ld.so.preload': '\n' } },
  check,
};

function* check({ rootfs }: DebSubject): Iterable<Found> {
  const text = rootfs.content('/etc/ld.so.preload')?.toString().trim() ?? '';
  if (text === '') return;
  const [first = ''] = text.split(/\s+/);
  yield {
    message: `${first} is loaded into every program`,
    context: first,
    file: '/etc/ld.so.preload',
    line: 1,
  };
}
