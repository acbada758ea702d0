import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'link-leaves-rootfs',
  family: 'filesystem',
  severity: 'error',
  certainty: 'certain',
  reads: 'deb',
  summary: 'a relative link climbs out of the rootfs',
  explanation:
    'Inside of the jail the way up ends at its root. On the host, where programs read the ' +
    "rootfs too (backup, scanners, root), the link leads into the host's own files.",
  fix: 'Make the link end within the rootfs.',
  references: ['path_resolution(7)', 'symlink(7)'],
  triggers: { rootfs: { 'etc/evil': { type: 'symlink', target: '../../../../../../../etc/shadow' } } },
  clean: { rootfs: { 'etc/fine': { type: 'symlink', target: '../usr/bin/hello' } } },
  check,
};

function* check({ rootfs }: DebSubject): Iterable<Found> {
  for (const { path, type, target } of rootfs.nodes.values()) {
    if (type !== 'symlink' || target.startsWith('/')) continue;
    let depth = path.split('/').length - 2;
    for (const part of target.split('/')) {
      if (part === '..') depth -= 1;
      else if (part !== '' && part !== '.') depth += 1;
      if (depth >= 0) continue;
      yield { message: `${path} leads to ${target}, above the rootfs`, context: path, file: path };
      break;
    }
  }
}
