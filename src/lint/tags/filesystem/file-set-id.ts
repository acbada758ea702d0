import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'file-set-id',
  family: 'filesystem',
  severity: 'warning',
  certainty: 'certain',
  reads: 'deb',
  summary: 'a program is set-uid or set-gid',
  explanation:
    'Jails run with no_new_privs: the kernel ignores the bits, and the program fails at what it ' +
    'needs them for. Where the package is unpacked otherwise, it is a way up.',
  fix:
    'Leave the program out (Jail-Prune), or take the bits away in debian/rules with ' +
    "dpkg-statoverride's place in mind.",
  references: ['prctl(2)', 'execve(2)'],
  triggers: { rootfs: { 'usr/bin/su': { content: 'x', mode: 0o4755 } } },
  clean: { rootfs: { 'usr/bin/su': { content: 'x', mode: 0o755 } } },
  check,
};

function* check({ rootfs }: DebSubject): Iterable<Found> {
  for (const { path, type, mode } of rootfs.nodes.values()) {
    if (type !== 'file' || (mode & 0o6000) === 0) continue;
    const what = (mode & 0o4000) === 0 ? 'set-gid' : 'set-uid';
    yield { message: `${path} is ${what}, which no_new_privs makes ineffective`, context: path, file: path };
  }
}
