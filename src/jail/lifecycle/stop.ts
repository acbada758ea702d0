import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import type { JailDeclaration } from '../../control/jail-declaration.ts';
import { errnoOf } from '../../error/prodng-error.ts';
import { killCgroup } from '../confine/cgroup.ts';
import type { CgroupMode } from '../runtime/runtime.ts';

/** Signals that end no process which does not handle them, signal(7). */
const harmless = new Set(['SIGCHLD', 'SIGCONT', 'SIGURG', 'SIGWINCH']);

export interface StopTarget {
  pid: number;
  cgroup: string;
  cgroups: CgroupMode;
}

/**
 * Stops a jail's service as it declares: its signal, and SIGKILL after its time. The caller sees by its end that it
 * worked.
 *
 * @returns calls off the SIGKILL
 */
export function stopService({ signal, timeout }: JailDeclaration['stop'], target: StopTarget): () => void {
  const name = signalName(signal);
  if (name === undefined || isDeafTo(target.pid, name)) {
    killService(target);
    return () => {};
  }
  send(target.pid, name);
  const timer = setTimeout(() => killService(target), timeout);
  return () => clearTimeout(timer);
}

/** Ends everything in the jail at once. */
export function killService({ pid, cgroup, cgroups }: StopTarget): void {
  killCgroup(cgroup, cgroups);
  send(pid, 'SIGKILL');
}

function signalName(name: string): NodeJS.Signals | undefined {
  return signalNames().find((known) => known === name);
}

function signalNames(): NodeJS.Signals[] {
  return Object.keys(constants.signals).filter((name): name is NodeJS.Signals => name in constants.signals);
}

/**
 * The first process of a pid namespace gets only signals that it handles, pid_namespaces(7): one that would simply die
 * of this signal anywhere else would here not even notice, and be waited for in vain.
 */
export function isDeafTo(pid: number, signal: NodeJS.Signals): boolean {
  if (signal === 'SIGKILL' || signal === 'SIGSTOP' || harmless.has(signal)) return false;
  const bit = 1n << BigInt(constants.signals[signal] - 1);
  const sets = statusSets(pid);
  return sets !== undefined && (sets & bit) === 0n;
}

/** The signals that a process handles, ignores or blocks (and may wait for), proc_pid_status(5). */
function statusSets(pid: number): bigint | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const sets = [...status.matchAll(/^Sig(?:Blk|Ign|Cgt):\s*([0-9a-f]+)$/gm)];
    return sets.reduce((all, [, hex]) => all | BigInt(`0x${hex ?? '0'}`), 0n);
  } catch {
    return undefined;
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (errnoOf(error) !== 'ESRCH') throw error;
  }
}
