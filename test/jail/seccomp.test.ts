import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { isSyscallName, syscallGroups } from '../../src/control/syscalls.ts';
import { allowedSyscalls, seccompFilter } from '../../src/jail/confine/seccomp.ts';
import { syscallsOfGroup } from '../../src/jail/confine/syscall-groups.ts';

describe('the groups', () => {
  it.each(syscallGroups)('%s holds all that systemd says, and only names of system calls', (group) => {
    const ours = syscallsOfGroup(group);
    expect(ours.size).toBeGreaterThan(0);
    expect([...ours].filter((name) => !isSyscallName(name))).toEqual([]);
    expect([...systemdGroup(group)].filter((name) => !ours.has(name))).toEqual([]);
  });
});

function systemdGroup(group: string): Set<string> {
  const text = execFileSync('systemd-analyze', ['syscall-filter', '--no-pager', group], { encoding: 'utf8' });
  const members = text
    .split('\n')
    .slice(1)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  return new Set(members.flatMap((name) => (name.startsWith('@') ? [...systemdGroup(name)] : [name])));
}

describe('the default', () => {
  const allowed = allowedSyscalls(['@system-service']);

  it.each([
    'keyctl add_key request_key io_uring_setup io_uring_enter io_uring_register userfaultfd bpf perf_event_open',
    'ptrace process_vm_readv kcmp mount umount2 pivot_root move_mount open_tree fsopen unshare setns chroot reboot',
    'kexec_load init_module finit_module delete_module swapon settimeofday clock_settime adjtimex iopl ioperm',
    'open_by_handle_at name_to_handle_at acct quotactl syslog fanotify_init lookup_dcookie vm86 modify_ldt',
  ])('has none of %s', (names) => {
    expect(names.split(' ').filter((name) => allowed.has(name))).toEqual([]);
  });

  it('has what a C library, Node.js and Python start with', () => {
    const needed =
      'execve mmap mprotect openat openat2 read write futex rt_sigaction clone clone3 wait4 pipe2 epoll_pwait2 ' +
      'getrandom rseq statx sched_getaffinity eventfd2 prctl socket bind listen accept4 landlock_restrict_self';
    expect(needed.split(' ').filter((name) => !allowed.has(name))).toEqual([]);
  });
});

it('allows what is named, even what no group gives', () => {
  expect(allowedSyscalls(['@system-service', 'keyctl', 'ptrace']).has('keyctl')).toBe(true);
  expect(allowedSyscalls(['@keyring']).has('keyctl')).toBe(true);
  expect([...allowedSyscalls(['read'])]).toEqual(['read']);
});

describe('the filter', () => {
  const rulesFor = (name: string, declared = ['@system-service']) =>
    seccompFilter(declared).syscalls.filter(({ names }) => names.includes(name));

  it('fails with EPERM for what is not in it, and knows one architecture', () => {
    expect(seccompFilter(['read'])).toMatchObject({
      defaultAction: 'SCMP_ACT_ERRNO',
      defaultErrnoRet: 1,
    });
    expect(seccompFilter(['read']).architectures).toHaveLength(1);
  });

  it('lets clone make no namespaces, and sends clone3 back to clone', () => {
    expect(rulesFor('clone', ['@system-service'])).toMatchObject([
      { args: [{ index: 0, value: 0x7e02_0000, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }] },
    ]);
    expect(rulesFor('clone3', ['@system-service'])).toMatchObject([
      { action: 'SCMP_ACT_ERRNO', errnoRet: 38 },
    ]);
    expect(rulesFor('clone3', ['@system-service', 'unshare'])).toMatchObject([{ action: 'SCMP_ACT_ALLOW' }]);
  });

  it('allows sockets of the internet, of unix and of netlink, and never of packets, which pass below the filter', () => {
    expect(rulesFor('socket').map(({ args }) => args?.[0]?.value)).toEqual([1, 2, 10, 16]);
  });
});
