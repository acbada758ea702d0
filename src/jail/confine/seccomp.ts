import type { OciSeccomp, OciSyscallRule } from '../runtime/oci-types.ts';
import { syscallsOfGroup } from './syscall-groups.ts';

/**
 * In systemd's @system-service, and in no jail unless its author names it, or the small group that it belongs to: the
 * kernel's most attacked corners, and ways to namespaces, which a jail must not have.
 */
const notByDefault = new Set(
  (
    'add_key keyctl request_key io_uring_enter io_uring_register io_uring_setup kcmp name_to_handle_at ' +
    'process_vm_readv process_vm_writev setns unshare userfaultfd'
  ).split(' '),
);

const EPERM = 1;
const ENOSYS = 38;

/** CLONE_NEW* but NEWTIME, which clone(2) cannot ask for. */
const CLONE_NEW = 0x7e02_0000;

const [AF_UNIX, AF_INET, AF_INET6, AF_NETLINK] = [1, 2, 10, 16] as const;

/** personality(2): what it is now, Linux's own, and Linux's with a UNAME26 or without address randomisation. */
const personalities = [0xffff_ffff, 0, 0x0002_0000, 0x0004_0000];

/** The system calls that a declaration allows, by name. */
export function allowedSyscalls(declared: readonly string[]): Set<string> {
  const allowed = new Set<string>();
  for (const name of declared) {
    if (!name.startsWith('@')) allowed.add(name);
    for (const member of syscallsOfGroup(name)) {
      if (name !== '@system-service' || !notByDefault.has(member)) allowed.add(member);
    }
  }
  return allowed;
}

/**
 * The seccomp filter of a jail: an allow-list. What is not in it fails with EPERM, as in systemd and as the field's
 * documentation says. clone3(2) fails with ENOSYS: its flags lie in memory that a filter cannot see, and ENOSYS is what
 * makes the C library fall back to clone(2), whose flags it can.
 *
 * Only the host's own architecture is allowed: 32-bit calls would be a second, less tested table.
 */
export function seccompFilter(declared: readonly string[], floor: readonly string[] = []): OciSeccomp {
  const allowed = allowedSyscalls([...declared, ...floor]);
  const namespaces = allowed.has('unshare') || allowed.has('setns');
  const rules: OciSyscallRule[] = [];
  const restrict = (name: string, ...conditions: NonNullable<OciSyscallRule['args']>) => {
    if (!allowed.delete(name)) return;
    for (const condition of conditions) rules.push({ ...allow([name]), args: [condition] });
  };
  if (!namespaces) {
    restrict('clone', { index: 0, value: CLONE_NEW, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' });
    if (allowed.delete('clone3'))
      rules.push({ names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: ENOSYS });
  }
  restrict('socket', ...addressFamilies.map(equalsFirst));
  restrict('socketpair', equalsFirst(AF_UNIX));
  restrict('personality', ...personalities.map(equalsFirst));
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: EPERM,
    architectures: [process.arch === 'arm64' ? 'SCMP_ARCH_AARCH64' : 'SCMP_ARCH_X86_64'],
    syscalls: [allow([...allowed].sort()), ...rules],
  };
}

/**
 * AF_VSOCK would reach the hypervisor past every network namespace; AF_PACKET, even of one with CAP_NET_RAW, every
 * neighbour past the packet filter, and under any hardware address; AF_ALG and the like are attack surface.
 */
const addressFamilies: readonly number[] = [AF_UNIX, AF_INET, AF_INET6, AF_NETLINK];

function equalsFirst(value: number): { index: number; value: number; op: 'SCMP_CMP_EQ' } {
  return { index: 0, value, op: 'SCMP_CMP_EQ' };
}

function allow(names: string[]): OciSyscallRule {
  return { names, action: 'SCMP_ACT_ALLOW' };
}
