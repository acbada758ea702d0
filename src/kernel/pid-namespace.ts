import { closeSync, openSync } from 'node:fs';
import { libcFunction } from './libc.ts';

const setns = libcFunction('int setns(int fd, int nstype)');

const CLONE_NEWPID = 0x2000_0000;

/**
 * Runs `work`, which must not be asynchronous: processes that it starts are in the pid namespace of another process. This
 * one stays in its own. pid_namespaces(7).
 *
 * @param pid a process in the pid namespace
 * @throws SystemError, ENOENT when there is no such process
 */
export function startingInPidNamespace<T>(pid: number, work: () => T): T {
  const own = openSync('/proc/self/ns/pid', 'r');
  try {
    const theirs = openSync(`/proc/${pid}/ns/pid`, 'r');
    try {
      setns(theirs, CLONE_NEWPID);
      try {
        return work();
      } finally {
        setns(own, CLONE_NEWPID);
      }
    } finally {
      closeSync(theirs);
    }
  } finally {
    closeSync(own);
  }
}
