import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'user-unknown',
  family: 'command',
  severity: 'error',
  certainty: 'certain',
  reads: 'deb',
  summary: 'the jail has no user of that name',
  explanation: "The runtime resolves the user in the rootfs's /etc/passwd, and refuses to start without it.",
  fix: 'Build it with `prodng build`, which makes the user, or correct Jail-User.',
  references: ['passwd(5)'],
  triggers: { control: 'Jail-User: nobody-here' },
  clean: { control: 'Jail-User: www-data' },
  check,
};

function* check({ rootfs, declaration }: DebSubject): Iterable<Found> {
  const user = declaration?.user;
  if (user === undefined || user === 'root') return;
  const lines = rootfs.content('/etc/passwd')?.toString().split('\n') ?? [];
  if (lines.some((line) => line.startsWith(`${user}:`))) return;
  yield { message: `/etc/passwd of the rootfs has no user ${user}`, context: user, field: 'User' };
}
