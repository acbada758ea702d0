import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'account-with-password',
  family: 'filesystem',
  severity: 'error',
  certainty: 'certain',
  reads: 'deb',
  summary: 'an account of the jail has a password',
  explanation:
    'Nobody logs in to a jail; a password hash in a package can be cracked at leisure, and an empty ' +
    'one opens the account to every program in the jail.',
  fix: 'Leave /etc/shadow out, and write `x` or `*` into /etc/passwd.',
  references: ['passwd(5)', 'shadow(5)'],
  triggers: { rootfs: { 'etc/shadow': 'root:$6$abc$def:19000:0:99999:7:::\n' } },
  clean: { rootfs: { 'etc/shadow': 'root:*:19000:0:99999:7:::\n' } },
  check,
};

function* check({ rootfs }: DebSubject): Iterable<Found> {
  for (const path of ['/etc/passwd', '/etc/shadow']) {
    const lines = rootfs.content(path)?.toString().split('\n') ?? [];
    for (const [index, text] of lines.entries()) {
      const [user = '', password] = text.split(':');
      if (text === '' || password === undefined || /^(?:x|[*!].*)$/.test(password)) continue;
      const what = password === '' ? 'an empty password' : 'a password';
      yield { message: `${user} has ${what}`, context: user, file: path, line: index + 1 };
    }
  }
}
