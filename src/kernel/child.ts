import { errnoOf } from '../error/prodng-error.ts';
import { libcFunction } from './libc.ts';

const libcPrctl = libcFunction(
  'int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)',
);
const libcWaitpid = libcFunction('int waitpid(int pid, void *status, int options)');
const libcPtrace = libcFunction('long ptrace(long request, int pid, long address, long data)');

const PR_SET_PDEATHSIG = 1;
const PR_SET_CHILD_SUBREAPER = 36;
const SIGKILL = 9;
const WNOHANG = 1;
/** __WALL: threads of a tracee too, whatever they were cloned with. */
const WALL = 0x4000_0000;

const PTRACE_CONT = 7;
const PTRACE_DETACH = 17;
const PTRACE_SEIZE = 0x4206;
const PTRACE_LISTEN = 0x4208;
const PTRACE_O_TRACEEXEC = 0x10;
const PTRACE_O_EXITKILL = 0x10_0000;
const PTRACE_EVENT_EXEC = 4;
const PTRACE_EVENT_STOP = 128;
const SIGTRAP = 5;

/** How a process ended: its exit status, or the number of the signal that killed it. */
export type Ending = { kind: 'exited'; status: number } | { kind: 'killed'; signal: number };

/** What waitpid(2) reports of a process that has not ended: a ptrace stop. */
export type Stop = { kind: 'exec' } | { kind: 'group-stop' } | { kind: 'signal'; signal: number };

/** Makes this process the parent of its orphaned descendants, so that it learns how they end. prctl(2). */
export function becomeSubreaper(): void {
  libcPrctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

/** Has the kernel kill this process as soon as its parent has ended, however that happens. prctl(2). */
export function dieWithParent(): void {
  libcPrctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
}

/**
 * Asks, without waiting, what became of a child or tracee.
 *
 * @returns undefined when there is nothing new
 * @throws SystemError ECHILD when it is not ours
 */
export function pollChild(pid: number): Ending | Stop | undefined {
  const status = Buffer.alloc(4);
  if (waitRetrying(pid, status) === 0) return undefined;
  const value = status.readUInt32LE();
  const low = value & 0x7f;
  if (low === 0) return { kind: 'exited', status: (value >> 8) & 0xff };
  if (low !== 0x7f) return { kind: 'killed', signal: low };
  const signal = (value >> 8) & 0xff;
  const event = value >> 16;
  if (event === PTRACE_EVENT_EXEC && signal === SIGTRAP) return { kind: 'exec' };
  return event === PTRACE_EVENT_STOP ? { kind: 'group-stop' } : { kind: 'signal', signal };
}

function waitRetrying(pid: number, status: Buffer): number {
  for (;;) {
    try {
      return libcWaitpid(pid, status, WNOHANG | WALL);
    } catch (error) {
      if (errnoOf(error) !== 'EINTR') throw error;
    }
  }
}

/**
 * Traces a process, without stopping it, so that its next execve(2) stops before the first instruction. The kernel kills
 * it when this thread ends while it traces, even by SIGKILL. ptrace(2).
 */
export function seizeForExec(pid: number): void {
  libcPtrace(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL);
}

/** Lets a tracee go on from a stop, with the signal that stopped it. */
export function resumeTracee(pid: number, stop: Stop): void {
  if (stop.kind === 'group-stop') libcPtrace(PTRACE_LISTEN, pid, 0, 0);
  else libcPtrace(PTRACE_CONT, pid, 0, stop.kind === 'signal' ? stop.signal : 0);
}

/** Ends the tracing of a stopped process; it goes on as if nothing had been. */
export function detachTracee(pid: number): void {
  libcPtrace(PTRACE_DETACH, pid, 0, 0);
}
