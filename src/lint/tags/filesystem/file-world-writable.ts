import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'file-world-writable',
  family: 'filesystem',
  severity: 'warning',
  certainty: 'certain',
  reads: 'deb',
  summary: 'everybody may write a file or folder',
  explanation:
    'The rootfs is read-only in a jail, but not to what else unpacks the package, and the mode tells ' +
    'that somebody meant to write there: that would fail.',
  fix: 'Install it with mode 0644 or 0755, and declare what must be writable in Jail-Filesystem.',
  references: ['Policy 10.9'],
  triggers: { rootfs: { 'usr/share/hello/data': { content: 'x', mode: 0o666 } } },
  clean: {
    rootfs: {
      'usr/share/hello/data': { content: 'x', mode: 0o644 },
      'var/spool/hello': { type: 'directory', mode: 0o1777 },
    },
  },
  check,
};

function* check({ rootfs }: DebSubject): Iterable<Found> {
  for (const { path, type, mode } of rootfs.nodes.values()) {
    if (type === 'symlink' || (mode & 0o002) === 0) continue;
    if (type === 'directory' && (mode & 0o1000) !== 0) continue;
    const message = `${path} has mode ${octal(mode)}: everybody may write it`;
    yield { message, context: path, file: path };
  }
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
