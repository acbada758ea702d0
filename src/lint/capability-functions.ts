/**
 * Functions of the C library that only do something with a capability, or more with it. A capability none of whose
 * functions any program of a rootfs takes from a library is one that nothing there can use.
 */
export const capabilityFunctions: Readonly<Record<string, readonly string[]>> = {
  CAP_CHOWN: ['chown', 'fchown', 'lchown', 'fchownat'],
  CAP_FOWNER: ['chmod', 'fchmod', 'fchmodat', 'utime', 'utimes', 'utimensat', 'futimens', 'unlink', 'rename'],
  CAP_FSETID: ['chmod', 'fchmod', 'fchmodat', 'write'],
  CAP_KILL: ['kill', 'killpg', 'sigqueue', 'pidfd_send_signal', 'tgkill'],
  CAP_SETGID: ['setgid', 'setegid', 'setregid', 'setresgid', 'setgroups', 'initgroups', 'setfsgid'],
  CAP_SETUID: ['setuid', 'seteuid', 'setreuid', 'setresuid', 'setfsuid'],
  CAP_SETPCAP: ['prctl', 'capset', 'cap_set_proc', 'cap_drop_bound', 'capng_apply'],
  CAP_NET_ADMIN: ['setsockopt', 'ioctl', 'bind'],
  CAP_NET_RAW: ['socket'],
  CAP_IPC_OWNER: ['shmget', 'shmat', 'semget', 'semop', 'msgget', 'msgsnd', 'msgrcv'],
  CAP_SYS_CHROOT: ['chroot', 'setns'],
  CAP_SYS_PTRACE: ['ptrace', 'process_vm_readv', 'process_vm_writev', 'pidfd_getfd'],
  CAP_SYS_ADMIN: [
    'mount',
    'umount',
    'umount2',
    'unshare',
    'setns',
    'sethostname',
    'pivot_root',
    'clone',
    'syscall',
  ],
  CAP_SYS_NICE: [
    'nice',
    'setpriority',
    'sched_setscheduler',
    'sched_setparam',
    'sched_setaffinity',
    'pthread_setschedparam',
    'pthread_attr_setschedpolicy',
    'ioprio_set',
  ],
  CAP_SYS_RESOURCE: ['setrlimit', 'setrlimit64', 'prlimit', 'prlimit64', 'fcntl', 'fcntl64'],
  CAP_SETFCAP: ['setxattr', 'lsetxattr', 'fsetxattr', 'cap_set_file', 'cap_set_fd'],
};

/** All of them: what is worth keeping of the symbols of a program. */
export const watchedFunctions: ReadonlySet<string> = new Set([
  ...Object.values(capabilityFunctions).flat(),
  'syscall',
]);
