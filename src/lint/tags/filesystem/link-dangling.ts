import { isWithin } from '../../../control/jail-path.ts';
import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'link-dangling',
  family: 'filesystem',
  severity: 'info',
  certainty: 'certain',
  reads: 'deb',
  summary: 'a link leads to nothing',
  explanation:
    'Opening it fails with ENOENT. Often its target was pruned, or comes ' +
    'from a package that is only recommended.',
  fix: 'Leave the link out (Jail-Prune), or add the package that it leads into.',
  references: ['symlink(7)'],
  triggers: { rootfs: { 'usr/bin/hi': { type: 'symlink', target: 'hallo' } } },
  clean: {
    rootfs: {
      'usr/bin/hi': { type: 'symlink', target: 'hello' },
      'etc/mtab': { type: 'symlink', target: '/proc/mounts' },
    },
  },
  check,
};

/** What is there only once the jail runs. */
const madeAtRunTime = ['/proc', '/sys', '/dev', '/run', '/tmp', '/var/tmp'];

function* check({ rootfs, declaration }: DebSubject): Iterable<Found> {
  const mounts = [...madeAtRunTime, ...(declaration?.filesystem.map(({ path }) => path) ?? [])];
  for (const { path, type, target } of rootfs.nodes.values()) {
    if (type !== 'symlink') continue;
    const resolved = rootfs.resolve(path);
    if (!('missing' in resolved) || mounts.some((mount) => isWithin(resolved.missing, mount))) continue;
    yield { message: `${path} leads to ${target}, which is not there`, context: path, file: path };
  }
}
