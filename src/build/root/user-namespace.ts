import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readlink, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { ProdngError } from '../../error/prodng-error.ts';
import { plainEnvironment, run } from '../../system/process.ts';
import { buildIdMappings, type IdMapping } from './subordinate-ids.ts';

/** A user namespace that lives as long as prodng does, or until it is closed. */
export interface UserNamespace {
  uid: readonly IdMapping[];
  gid: readonly IdMapping[];
  /** The host's uid and gid of root in the namespace. */
  root: { uid: number; gid: number };
  /** The command line that runs `argv` as root in it, with empty mount, pid, ipc, uts and network namespaces. */
  enter(argv: readonly string[]): [string, ...string[]];
  close(): Promise<void>;
}

/**
 * Makes a user namespace in which whole Debian roots can be worked on: 65,536 ids, root among them unprivileged on the
 * host. Everything entered into it dies with prodng, however prodng ends.
 *
 * As root the maps are written directly, as a fresh host has no subordinate ids for root; everybody else goes
 * through newuidmap(1) and newgidmap(1).
 *
 * @throws ProdngError HOST_LACKS when the kernel or the host's configuration does not allow it
 */
export async function openUserNamespace(): Promise<UserNamespace> {
  const mappings = await buildIdMappings();
  // A process of the namespace keeps it alive. It reads our pipe, so that it ends when we do.
  const holder = spawn('unshare', ['--user', 'cat'], {
    stdio: ['pipe', 'ignore', 'pipe'],
    cwd: '/',
    env: { ...plainEnvironment },
  });
  try {
    const pid = await enteredNamespace(holder);
    await writeMappings(pid, mappings);
    return {
      ...mappings,
      root: { uid: outsideRoot(mappings.uid), gid: outsideRoot(mappings.gid) },
      enter: (argv) => [
        'nsenter',
        `--user=/proc/${pid}/ns/user`,
        '--setuid=0',
        '--setgid=0',
        'setpriv',
        '--pdeathsig=KILL',
        'unshare',
        '--mount',
        '--pid',
        '--fork',
        '--kill-child',
        '--mount-proc',
        '--ipc',
        '--uts',
        '--net',
        ...argv,
      ],
      close: () => end(holder),
    };
  } catch (error) {
    await end(holder);
    throw error;
  }
}

async function enteredNamespace(holder: ChildProcess): Promise<number> {
  const { pid } = holder;
  const failed = new Promise<string>((resolve) => {
    holder.once('error', (error) => resolve(error.message));
    let said = '';
    holder.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    holder.once('exit', () => resolve(said.trim()));
  });
  const entered = pid === undefined ? undefined : await Promise.race([untilEntered(holder, pid), failed]);
  if (typeof entered === 'number') return entered;
  throw new ProdngError('HOST_LACKS', `cannot make a user namespace: ${entered ?? (await failed)}`, {
    hint: 'sysctl user.max_user_namespaces and kernel.unprivileged_userns_clone may forbid it; run: prodng doctor',
  });
}

/** unshare(1) first runs in our namespace: its maps must not be written before it has left it. */
async function untilEntered(holder: ChildProcess, pid: number): Promise<number | undefined> {
  const own = await readlink('/proc/self/ns/user');
  // unshare(1) ends where it may not make one, such as in a chroot
  for (let wait = 1; holder.exitCode === null; wait = Math.min(wait * 2, 20)) {
    if ((await readlink(`/proc/${pid}/ns/user`).catch(() => own)) !== own) return pid;
    await sleep(wait);
  }
  return undefined;
}

async function writeMappings(
  pid: number,
  { uid, gid }: { uid: IdMapping[]; gid: IdMapping[] },
): Promise<void> {
  if (process.getuid?.() === 0) {
    await writeFile(`/proc/${pid}/uid_map`, mapText(uid));
    await writeFile(`/proc/${pid}/gid_map`, mapText(gid));
    return;
  }
  const hint = 'as root, run: apt-get install uidmap';
  await run(['newuidmap', String(pid), ...mapArguments(uid)], { hint });
  await run(['newgidmap', String(pid), ...mapArguments(gid)], { hint });
}

function mapText(mappings: readonly IdMapping[]): string {
  return mappings.map(({ inside, outside, count }) => `${inside} ${outside} ${count}\n`).join('');
}

function mapArguments(mappings: readonly IdMapping[]): string[] {
  return mappings.flatMap(({ inside, outside, count }) => [String(inside), String(outside), String(count)]);
}

function outsideRoot(mappings: readonly IdMapping[]): number {
  return mappings.find(({ inside }) => inside === 0)?.outside ?? 0;
}

async function end(holder: ChildProcess): Promise<void> {
  if (holder.pid === undefined || holder.exitCode !== null || holder.signalCode !== null) return;
  const exit = once(holder, 'exit');
  holder.kill('SIGKILL');
  await exit;
}
