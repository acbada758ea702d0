import { isWithin } from '../../../control/jail-path.ts';
import type { Found } from '../../finding.ts';
import type { DeclaredSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'host-path-sensitive',
  family: 'filesystem',
  severity: 'error',
  certainty: 'certain',
  reads: 'declaration',
  summary: 'a host path that gives the host away',
  explanation:
    "Keys, accounts, sockets of root's services, devices and the kernel's own trees tell or allow " +
    'more than any jail should have, read-only or not: a socket is as good as the service behind it.',
  fix: 'Leave it out, or have the host provide a copy of just what is needed below /srv or /etc/NAME.',
  references: ['docs/control-fields.md'],
  triggers: { control: 'Jail-Filesystem: ro /etc/shadow /run/shadow' },
  clean: { control: 'Jail-Filesystem: ro /etc/hello /run/hello' },
  check,
};

/** Nothing in them may be shown to a jail. */
const closed = [
  '/boot',
  '/dev',
  '/etc/shadow',
  '/etc/gshadow',
  '/etc/ssh',
  '/etc/ssl/private',
  '/etc/sudoers',
  '/etc/sudoers.d',
  '/home',
  '/proc',
  '/root',
  '/run',
  '/sys',
  '/var/run',
  '/var/lib/prodng',
  '/var/lib/dpkg',
  '/var/lib/docker',
  '/var/lib/containers',
  '/var/log',
  '/var/spool/cron',
];
/** They hold some of that. */
const open = [
  '/',
  '/etc',
  '/usr',
  '/var',
  '/var/lib',
  '/var/spool',
  '/etc/ssl',
  '/opt',
  '/srv',
  '/mnt',
  '/media',
];

function* check({ declaration: { filesystem } }: DeclaredSubject): Iterable<Found> {
  for (const mount of filesystem) {
    if (mount.kind !== 'ro') continue;
    const { hostPath } = mount;
    const folder = closed.find((path) => isWithin(hostPath, path));
    if (folder === undefined && !open.includes(hostPath)) continue;
    const message = `${hostPath} of the host: no jail may see ${folder ?? 'all of it'}`;
    yield { message, context: hostPath, field: 'Filesystem', at: hostPath };
  }
}
