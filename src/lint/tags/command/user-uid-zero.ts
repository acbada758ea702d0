import { isRootByAnotherName } from '../../../control/passwd.ts';
import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'user-uid-zero',
  family: 'command',
  severity: 'error',
  certainty: 'certain',
  reads: 'deb',
  summary: 'the user of the service is root by another name',
  explanation:
    "The rootfs's /etc/passwd gives uid 0 to the user that Jail-User names. Consent and exposure know root by its " +
    'name; a jail with such a user is refused.',
  fix: 'Declare Jail-User: root, or give the user an id of its own.',
  references: ['passwd(5)'],
  triggers: {
    control: 'Jail-User: web',
    rootfs: { 'etc/passwd': 'root:x:0:0::/root:/bin/false\nweb:x:0:33::/:/bin/false\n' },
  },
  clean: {
    control: 'Jail-User: web',
    rootfs: { 'etc/passwd': 'root:x:0:0::/root:/bin/false\nweb:x:33:33::/:/bin/false\n' },
  },
  check,
};

function* check({ rootfs, declaration }: DebSubject): Iterable<Found> {
  const user = declaration?.user;
  const passwd = rootfs.content('/etc/passwd')?.toString() ?? '';
  if (user === undefined || !isRootByAnotherName(passwd, user)) return;
  yield { message: `${user} has uid 0 in /etc/passwd of the rootfs`, context: user, field: 'User', at: user };
}
