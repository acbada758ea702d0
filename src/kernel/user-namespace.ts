import { openSync, writeFileSync } from 'node:fs';
import { pollChild } from './child.ts';
import { libcErrorNumber, libcFunction } from './libc.ts';

const clone = libcFunction('int clone(uintptr_t run, uintptr_t stack, int flags, uintptr_t argument)');
const dlsym = libcFunction('uintptr_t dlsym(uintptr_t handle, const char *name)');
/** memcpy(3) answers with its first argument: called for nothing but the address of a buffer. */
const addressOf = libcFunction('uintptr_t memcpy(void *target, const void *source, size_t size)');
const setSignalMask = libcErrorNumber('int pthread_sigmask(int how, const void *set, void *before)');

const CLONE_VM = 0x100;
const CLONE_VFORK = 0x4000;
const CLONE_NEWUSER = 0x1000_0000;
const SIG_SETMASK = 2;
const [signalSetSize, stackSize] = [128, 16_384];

/**
 * Makes a user namespace in which no process lives, for mounts with mapped owners. user_namespaces(7).
 *
 * Only a new process can enter a new one. Ours does nothing but end, on a stack of its own and while this thread waits, so
 * that nothing is copied and nothing executed. Until we ask for its end, /proc shows the namespace that it was in.
 *
 * @param map both for uids and for gids: `0 1879048192 65536`
 * @returns a file descriptor that the caller owns
 * @throws SystemError EPERM, ENOSPC where the host allows none; EINVAL for a map that the kernel does not take
 */
export function makeUserNamespace(map: string): number {
  const pid = endedProcess(CLONE_NEWUSER);
  try {
    writeFileSync(`/proc/${pid}/uid_map`, `${map}\n`);
    writeFileSync(`/proc/${pid}/gid_map`, `${map}\n`);
    return openSync(`/proc/${pid}/ns/user`, 'r');
  } finally {
    pollChild(pid);
  }
}

/** A process that has ended and has not been waited for; it sends no signal. clone(2). */
function endedProcess(namespaces: number): number {
  const exit = dlsym(0, '_exit');
  const stack = Buffer.alloc(stackSize);
  // it grows downwards, and begins on a multiple of 16
  const top = addressOf(stack, stack, 0) + stackSize;
  const [all, before] = [Buffer.alloc(signalSetSize, 0xff), Buffer.alloc(signalSetSize)];
  // a handler of ours would run there as well
  setSignalMask(SIG_SETMASK, all, before);
  try {
    return clone(exit, top - (top % 16), CLONE_VM | CLONE_VFORK | namespaces, 0);
  } finally {
    setSignalMask(SIG_SETMASK, before, null);
  }
}
