import { libcFunction } from './libc.ts';

const syscallPidfdOpen = libcFunction('long syscall(long number, int pid, unsigned int flags)');

/** The number is the same on every architecture. */
const SYS_PIDFD_OPEN = 434;

/**
 * A descriptor of a process, which the caller closes. pidfd_open(2), Linux 5.3.
 *
 * @throws SystemError ESRCH when there is none, EINVAL when it is no process but a thread
 */
export function openPidfd(pid: number): number {
  return syscallPidfdOpen(SYS_PIDFD_OPEN, pid, 0);
}
