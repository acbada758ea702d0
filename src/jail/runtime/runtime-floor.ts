import { ownValue } from '../../system/own-value.ts';

/**
 * The system calls that a runtime itself makes between loading a jail's filter and executing its service: without them
 * the service is never executed. Measured on runc 1.1.5 of Debian 12 by scripts/runtime-floor; epoll_pwait and nanosleep
 * are those of Go's scheduler, and not in every run.
 */
const floors: Readonly<Record<string, string>> = {
  runc: 'close epoll_ctl epoll_pwait execve fstatfs futex getdents64 getpid nanosleep openat rt_sigreturn write',
};

/** What every program needs to end, to return from a signal, and to go on after one. */
const always = ['execve', 'exit', 'exit_group', 'restart_syscall', 'rt_sigreturn'];

/**
 * The calls that are allowed whatever a jail declares.
 *
 * @param runtime the runtime's name; of one that was not measured, what all need
 */
export function runtimeFloor(runtime: string): readonly string[] {
  return [...new Set([...always, ...(ownValue(floors, runtime)?.split(' ') ?? [])])].sort();
}
