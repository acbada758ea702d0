import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ProdngError } from '../../error/prodng-error.ts';
import { chooseStaging, ownDevices } from '../../jail/runtime/staging.ts';
import { inOwnMountNamespace, mountFileSystem } from '../../kernel/mount.ts';
import { plainEnvironment } from '../../system/process.ts';
import type { UserNamespace } from '../root/user-namespace.ts';
import { type BuildLimits, defaultLimits, makeBuildCgroup } from './build-limits.ts';
import { type BuildProcess, buildSpec } from './build-spec.ts';
import { type BuildVariation, faketimeInJail, plainVariation } from './build-variation.ts';

export interface BuildJailOptions {
  namespace: UserNamespace;
  /** The cache folder, and the build root in it: a relative path. */
  cache: string;
  root: string;
  process: Omit<BuildProcess, 'pids'>;
  /** What the program reads. */
  input?: AsyncIterable<Uint8Array>;
  /** What it writes; read to its end. */
  output: (stdout: Readable) => Promise<void>;
  /** What it and the runtime say. */
  log: (chunk: Buffer) => void;
  /** A file descriptor that the program gets as its 3: a terminal to open a shell on. */
  terminal?: number;
  /** What surrounds it, when it is not the same as always. */
  variation?: BuildVariation;
  /** Bytes of the layer in memory (default: half the machine's). */
  scratch?: number;
  /** What it may use of the host (default: defaultLimits). */
  limits?: BuildLimits;
  signal?: AbortSignal;
}

const setUpFailed = 121;

/**
 * disorderfs runs as the user who builds, so that what it makes is that user's, and may mount. A file has one attribute cache for each of its
 * names, so that there must be none. It ends with the pid
 * namespace that it is in.
 */
const sortFolder = `{ mount --no-canonicalize --bind "$9" /dev/fuse &&
    mkdir /mnt/layer/unsorted /mnt/unsorted && chown "$5:$5" /mnt/layer/unsorted &&
    mount --no-canonicalize --bind /mnt/layer/unsorted /mnt/unsorted &&
    setpriv --reuid="$5" --regid="$5" --clear-groups --inh-caps=+sys_admin --ambient-caps=+sys_admin \\
      disorderfs --quiet --sort-dirents=yes --reverse-dirents=no -o allow_other,attr_timeout=0 \\
      /mnt/unsorted "/mnt/rootfs$4" </dev/null >&2 3<&- 4<&-; }`;

/**
 * Lays a discarded layer in memory over the build root, and boots. The build root is found from the working folder,
 * which needs no right on the folders above it. Nobody in the jail can make a user namespace: no build needs one,
 * and the kernel's attack surface behind it is large.
 */
const setUp = `umask 022
{ mount -t tmpfs -o "mode=0755,size=$3" prodng /mnt &&
  mkdir /mnt/lower /mnt/layer /mnt/rootfs /mnt/runc &&
  { test -z "$8" || mount --no-canonicalize --bind "$8" /mnt/layer; } &&
  mkdir /mnt/layer/upper /mnt/layer/work &&
  mount --no-canonicalize --bind "$1" /mnt/lower &&
  mount -t overlay -o lowerdir=/mnt/lower,upperdir=/mnt/layer/upper,workdir=/mnt/layer/work,userxattr overlay /mnt/rootfs &&
  mkdir -p "/mnt/rootfs$4" && chown "$5:$5" "/mnt/rootfs$4" &&
  { test -z "$9" || ${sortFolder}; } &&
  { test -z "$6" || printf '%s:x:%s:%s::/nonexistent:/bin/sh\\n' "$6" "$5" "$5" >>/mnt/rootfs/etc/passwd; } &&
  { test -z "$7" || { mkdir -p /mnt/rootfs/usr/local/lib && cp "$7" /mnt/rootfs${faketimeInJail}; }; } &&
  cat <&3 >/mnt/config.json && { test "$2" = terminal && exec 3<&4 4<&- || exec 3</dev/null; } &&
  echo 0 >/proc/sys/user/max_user_namespaces &&
  cd /mnt
} || exit ${setUpFailed}
exec runc --rootless=true --root /mnt/runc run --preserve-fds 1 --bundle /mnt build
`;

/**
 * Runs a program in a throwaway jail above a build root: namespaces of its own, no network, no host files, and a
 * layer that is gone with it, however it or prodng ends.
 *
 * @returns its exit status
 * @throws ProdngError BUILD_ROOT when the jail cannot be set up, or what `output` throws
 */
export async function runInBuildJail(options: BuildJailOptions): Promise<number> {
  const limits = options.limits ?? defaultLimits();
  const cgroup = process.getuid?.() === 0 ? makeBuildCgroup(limits) : undefined;
  try {
    return await runLimited(options, limits, cgroup?.joins ?? []);
  } finally {
    await cgroup?.remove();
  }
}

async function runLimited(
  options: BuildJailOptions,
  limits: BuildLimits,
  joins: readonly string[],
): Promise<number> {
  const entered = options.namespace.enter([
    'sh',
    '-u',
    '-c',
    setUp,
    'prodng-build',
    options.root,
    options.terminal === undefined ? '' : 'terminal',
    options.scratch === undefined ? '50%' : String(options.scratch),
    ...layerArguments(options.variation ?? plainVariation),
  ]);
  const [file = '', ...args] = joins.length === 0 ? entered : [...joinGroups(joins), ...entered];
  const child = withOwnDevices(options.cache, () =>
    spawn(file, args, {
      cwd: options.cache,
      env: { ...plainEnvironment },
      stdio: ['pipe', 'pipe', 'pipe', 'pipe', options.terminal ?? 'ignore'],
    }),
  );
  const [stdin, stdout, stderr, spec] = child.stdio;
  if (stdin === null || stdout === null || stderr === null || spec === null || spec === undefined)
    throw new ProdngError('INTERNAL', 'spawn gave no pipes');
  const exit = exitOf(child);
  const end = (): boolean => child.kill('SIGKILL');
  options.signal?.addEventListener('abort', end);
  if (options.signal?.aborted === true) end();
  let tail = '';
  stderr.on('data', (chunk: Buffer) => {
    tail = (tail + chunk.toString()).slice(-2000);
    options.log(chunk);
  });
  // a jail that exits early does not read on: its exit status says what happened
  const fed = pipeline(options.input ?? [], stdin).catch(ignoreClosedPipe);
  // a source that changes or cannot be read ends the build
  fed.catch(end);
  if ('end' in spec) {
    spec.on('error', ignoreClosedPipe);
    spec.end(JSON.stringify(buildSpec({ ...options.process, pids: limits.pids })));
  }
  try {
    await options.output(stdout as Readable);
    await fed;
  } catch (error) {
    end();
    // what is wrong with the input is the cause of what is wrong with the output
    await fed;
    throw error;
  } finally {
    await exit;
    options.signal?.removeEventListener('abort', end);
  }
  const status = await exit;
  if (status !== setUpFailed) return status;
  throw new ProdngError('BUILD_ROOT', `the build jail cannot be set up: ${tail.trim()}`, {
    hint: 'run: prodng doctor',
  });
}

/** Joins control groups before anything else: what a build starts cannot leave them. */
function joinGroups(joins: readonly string[]): string[] {
  const script = `while test "$1" != --; do echo 0 >"$1" || exit ${setUpFailed}; shift; done; shift; exec "$@"`;
  return ['sh', '-c', script, 'prodng-join', ...joins, '--'];
}

/**
 * Starts the jail where /dev/null and its like are nodes of its own: in a user namespace a runtime can make none, and
 * shows those that it finds. An ordinary user can make none either; that build sees the host's.
 */
function withOwnDevices<T>(cache: string, start: () => T): T {
  if (process.getuid?.() !== 0) return start();
  const staging = chooseStaging([cache]);
  return inOwnMountNamespace(() => {
    mountFileSystem('tmpfs', 'prodng', staging, ['nosuid', 'nodev', 'noexec'], 'mode=755,size=1m');
    ownDevices(join(staging, 'dev'));
    return start();
  });
}

function layerArguments({ buildPath, uid, user, clock, disk, fuse }: BuildVariation): string[] {
  const newUser = uid === plainVariation.uid ? '' : user;
  return [buildPath, String(uid), newUser, clock?.library ?? '', disk ?? '', fuse ?? ''];
}

/** 137, as a shell has it, for what was killed; 127 for what could not be started. */
function exitOf(child: ChildProcess): Promise<number> {
  return new Promise((done) => {
    child.once('error', () => done(127));
    child.once('close', (code) => done(code ?? 137));
  });
}

function ignoreClosedPipe(error: unknown): void {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== 'EPIPE' && code !== 'ERR_STREAM_PREMATURE_CLOSE' && code !== 'ECONNRESET') throw error;
}
