/**
 * The kernel's capabilities by number (linux/capability.h), and for those that the kernel checks against the initial
 * user namespace alone the reason why a jail, which has a user namespace of its own, can never use them.
 */
const capabilities: readonly (readonly [name: string, whyIneffective?: string])[] = [
  ['CHOWN'],
  ['DAC_OVERRIDE'],
  ['DAC_READ_SEARCH'],
  ['FOWNER'],
  ['FSETID'],
  ['KILL'],
  ['SETGID'],
  ['SETUID'],
  ['SETPCAP'],
  ['LINUX_IMMUTABLE', 'only the initial user namespace may set immutable and append-only flags'],
  ['NET_BIND_SERVICE'],
  ['NET_BROADCAST', 'the kernel does not use it'],
  ['NET_ADMIN'],
  ['NET_RAW'],
  ['IPC_LOCK', 'RLIMIT_MEMLOCK can be exceeded only from the initial user namespace'],
  ['IPC_OWNER'],
  ['SYS_MODULE', 'only the initial user namespace may load kernel modules'],
  ['SYS_RAWIO', 'only the initial user namespace may use I/O ports and raw devices'],
  ['SYS_CHROOT'],
  ['SYS_PTRACE'],
  ['SYS_PACCT', 'only the initial user namespace may switch process accounting'],
  ['SYS_ADMIN'],
  ['SYS_BOOT', "reboot(2) in a pid namespace only ends the jail, and kexec needs the host's user namespace"],
  ['SYS_NICE'],
  ['SYS_RESOURCE'],
  ['SYS_TIME', 'only the initial user namespace may set the clocks'],
  ['SYS_TTY_CONFIG', 'only the initial user namespace may configure terminals and virtual consoles'],
  ['MKNOD', 'only the initial user namespace may create device nodes'],
  ['LEASE', 'leases on files of other users can be taken only in the initial user namespace'],
  ['AUDIT_WRITE', "the kernel's audit answers to the initial user namespace only"],
  ['AUDIT_CONTROL', "the kernel's audit answers to the initial user namespace only"],
  ['SETFCAP'],
  ['MAC_OVERRIDE', 'a jail has no security policy of its own to override'],
  ['MAC_ADMIN', 'a jail has no security policy of its own to administer'],
  ['SYSLOG', "the kernel's log answers to the initial user namespace only"],
  ['WAKE_ALARM', 'only the initial user namespace may set wake-up timers'],
  ['BLOCK_SUSPEND', 'only the initial user namespace may block suspending'],
  ['AUDIT_READ', "the kernel's audit answers to the initial user namespace only"],
  ['PERFMON', 'only the initial user namespace may use privileged performance events'],
  ['BPF', 'without a delegated BPF token only the initial user namespace may load BPF programs'],
  ['CHECKPOINT_RESTORE'],
];

/** `CAP_CHOWN`, ... in the order of their numbers. */
export const capabilityNames: readonly string[] = capabilities.map(([name]) => `CAP_${name}`);

const reasons = new Map(capabilities.map(([name, reason]) => [`CAP_${name}`, reason]));

/** The canonical `CAP_...` name of a capability written in any case, with or without `CAP_`; undefined if unknown. */
export function canonicalCapability(text: string): string | undefined {
  const name = text.toUpperCase().replace(/-/g, '_');
  const full = name.startsWith('CAP_') ? name : `CAP_${name}`;
  return reasons.has(full) ? full : undefined;
}

/** Why a capability can never work in a jail, or undefined when it can. */
export function whyIneffective(capability: string): string | undefined {
  return reasons.get(capability);
}
