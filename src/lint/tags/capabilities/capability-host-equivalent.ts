import type { Found } from '../../finding.ts';
import type { DeclaredSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'capability-host-equivalent',
  family: 'capabilities',
  severity: 'error',
  certainty: 'likely',
  reads: 'declaration',
  summary: 'a capability that opens most of the kernel to the jail',
  explanation:
    'CAP_SYS_ADMIN in a user namespace mounts file systems and configures namespaces: a surface on ' +
    'which most local root exploits of the last years began. A jail that holds it is confined by ' +
    'little more than the absence of bugs. With CAP_SYS_RESOURCE and @mount it can also mount a proc of ' +
    'its own and raise user.max_user_namespaces, which every jail has at 0: it then makes user ' +
    'namespaces of its own.',
  fix: 'Leave it out, see in `prodng logs` what fails without it, and get that done at build time or by the host.',
  references: ['capabilities(7)', 'user_namespaces(7)'],
  triggers: { control: 'Jail-Capabilities: SYS_ADMIN' },
  clean: { control: 'Jail-Capabilities: SYS_CHROOT' },
  check,
};

function* check({ declaration }: DeclaredSubject): Iterable<Found> {
  if (!declaration.capabilities.includes('CAP_SYS_ADMIN')) return;
  const opensNamespaces =
    declaration.capabilities.includes('CAP_SYS_RESOURCE') && declaration.syscalls.includes('@mount');
  const message = opensNamespaces
    ? 'CAP_SYS_ADMIN with CAP_SYS_RESOURCE and @mount: it can also undo the limit of user namespaces'
    : 'CAP_SYS_ADMIN: in effect the right to everything the kernel lets a namespace do';
  yield { message, context: 'CAP_SYS_ADMIN', field: 'Capabilities', at: 'SYS_ADMIN' };
}
