import { closeSync } from 'node:fs';
import { libcErrorNumber, libcFunction } from './libc.ts';

const posixSpawn = libcErrorNumber(
  'int posix_spawn(void *pid, const char *path, const void *actions, const void *attributes, const char **argv, const char **envp)',
);
const actionsInit = libcErrorNumber('int posix_spawn_file_actions_init(void *actions)');
const actionsDestroy = libcErrorNumber('int posix_spawn_file_actions_destroy(void *actions)');
const addDup2 = libcErrorNumber('int posix_spawn_file_actions_adddup2(void *actions, int from, int to)');
const addOpen = libcErrorNumber(
  'int posix_spawn_file_actions_addopen(void *actions, int fd, const char *path, int flags, uint32_t mode)',
);
const addChdir = libcErrorNumber('int posix_spawn_file_actions_addchdir_np(void *actions, const char *path)');
const attributesInit = libcErrorNumber('int posix_spawnattr_init(void *attributes)');
const setFlags = libcErrorNumber('int posix_spawnattr_setflags(void *attributes, short flags)');
const setDefaults = libcErrorNumber('int posix_spawnattr_setsigdefault(void *attributes, const void *set)');
const fcntl = libcFunction('int fcntl(int fd, int command, long argument)');

/** More than any architecture's posix_spawn_file_actions_t, posix_spawnattr_t and sigset_t have. */
const [structSize, signalSetSize] = [512, 128];

const SETSIGDEF = 0x04;
const SETSIGMASK = 0x08;
const SETSID = 0x80;
const O_RDWR = 2;
const F_DUPFD_CLOEXEC = 1030;

export interface SpawnRequest {
  /** The program's path: nothing is searched for. */
  path: string;
  argv: readonly string[];
  /** Its whole environment. */
  env: Readonly<Record<string, string>>;
  /** Our descriptors that become its 0, 1, 2 and so on; without one it gets /dev/null. None of our others is its. */
  descriptors: readonly (number | undefined)[];
  cwd?: string;
}

/**
 * Starts a program in a session of its own, with no signal ignored or blocked. posix_spawn(3) does not copy our address
 * space, as the fork(2) in Node's own spawn does: with that of an agent it takes 7 ms, and slows down all that follows.
 *
 * It is in the namespaces of the calling thread.
 *
 * @returns its pid; the caller has to ask for its end, see child-watch.ts
 * @throws SystemError ENOENT, EACCES, ...
 */
export function spawnProgram({ path, argv, env, descriptors, cwd }: SpawnRequest): number {
  const [pid, actions] = [Buffer.alloc(4), Buffer.alloc(structSize)];
  const ours = descriptors.map((fd, index) => outOfTheWay(fd, index, descriptors.length));
  actionsInit(actions);
  try {
    for (const [index, fd] of ours.entries()) {
      // onto itself, it takes away close-on-exec
      if (fd === undefined) addOpen(actions, index, '/dev/null', O_RDWR, 0);
      else addDup2(actions, fd, index);
    }
    if (cwd !== undefined) addChdir(actions, cwd);
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    posixSpawn(pid, path, actions, attributes(), [...argv, null], [...variables, null]);
    return pid.readInt32LE();
  } finally {
    actionsDestroy(actions);
    for (const [index, fd] of ours.entries())
      if (fd !== undefined && fd !== descriptors[index]) closeSync(fd);
  }
}

/** A descriptor that is not overwritten before it is given its place. */
function outOfTheWay(fd: number | undefined, place: number, count: number): number | undefined {
  return fd === undefined || fd === place || fd >= count ? fd : fcntl(fd, F_DUPFD_CLOEXEC, count);
}

let known: Buffer | undefined;

function attributes(): Buffer {
  if (known !== undefined) return known;
  const made = Buffer.alloc(structSize);
  attributesInit(made);
  // the mask of a new posix_spawnattr_t is empty
  setFlags(made, SETSIGDEF | SETSIGMASK | SETSID);
  setDefaults(made, Buffer.alloc(signalSetSize, 0xff));
  known = made;
  return made;
}
