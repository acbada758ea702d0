import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'link-loop',
  family: 'filesystem',
  severity: 'warning',
  certainty: 'certain',
  reads: 'deb',
  summary: 'a link leads to itself',
  explanation: 'Opening it fails with ELOOP.',
  fix: 'Make it lead to a file.',
  references: ['symlink(7)'],
  triggers: {
    rootfs: { 'etc/a': { type: 'symlink', target: 'b' }, 'etc/b': { type: 'symlink', target: 'a' } },
  },
  clean: { rootfs: { 'etc/a': { type: 'symlink', target: 'b' }, 'etc/b': 'x' } },
  check,
};

function* check({ rootfs }: DebSubject): Iterable<Found> {
  for (const { path, type } of rootfs.nodes.values()) {
    if (type !== 'symlink' || !('loop' in rootfs.resolve(path))) continue;
    yield { message: `${path} leads round in a circle`, context: path, file: path };
  }
}
