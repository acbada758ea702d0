import { existsSync, readdirSync } from 'node:fs';
import { ProdngError } from '../../error/prodng-error.ts';
import { startingInPidNamespace } from '../../kernel/pid-namespace.ts';
import { hostBusybox } from '../runtime/busybox.ts';
import { runTool } from '../runtime/host-tool.ts';
import { findProgram } from '../runtime/runtime.ts';

/** Makes files of memfd_create(2) without execute bits, since Linux 6.3. */
const memoryFiles = '/proc/sys/vm/memfd_noexec';

/**
 * Writes a value to each file and reads it back. A shell reads byte by byte, and a sysctl file has only one read in it: the
 * first digit, which tells 0 from any other limit, and no end of line.
 */
const write =
  'write() { value=$1; shift; for file; do echo "$value" >"$file" || exit; read -r digit <"$file"; echo "$digit"; done; }';

/**
 * Takes from a jail two rights that no list of system calls takes away for certain.
 *
 * To make namespaces: in its own namespace an unprivileged process is root again, mounts file systems and reaches parts of the kernel that
 * no profile of system calls covers. It is closed twice: seccomp checks flags in registers, and this holds for
 * clone3(2) and every path into the kernel alike. The limits of /proc/sys/user are those of the writer's user namespace,
 * namespaces(7): so the writer enters it.
 *
 * To execute programs from memory, where all that it can write is mounted noexec. That limit is the pid namespace's of the
 * writer, who is started there, and is for the host's root to set: it is done before the user namespace is entered. Kernels
 * before 6.3 have none.
 *
 * @param pid the jail's first process, not started yet
 * @throws ProdngError JAIL_REFUSED when the kernel does not take one
 */
export async function lockDown(pid: number): Promise<void> {
  const files = readdirSync('/proc/sys/user')
    .filter((name) => /^max_\w+_namespaces$/.test(name))
    .map((name) => `/proc/sys/user/${name}`);
  const refused = (why: string) =>
    new ProdngError('JAIL_REFUSED', `the jail could make namespaces or programs of its own: ${why}`, {
      hint: 'the service was not run; see /proc/sys/user and run: prodng doctor',
    });
  if (!files.includes('/proc/sys/user/max_user_namespaces'))
    throw refused('this kernel has no limit for namespaces');
  if (findProgram('busybox') === undefined) return await lockDownByTee(pid, files, refused);
  const busybox = hostBusybox();
  const enter = [busybox, 'nsenter', '-U', '-t', String(pid)] as const;
  const zero = [busybox, 'sh', '-u', '-c', `${write}; write 0 "$@"`, 'sh', ...files];
  const hasMemoryFiles = existsSync(memoryFiles);
  const argv = hasMemoryFiles
    ? ([
        busybox,
        'sh',
        '-u',
        '-c',
        `${write}; write 2 ${memoryFiles}; exec "$@"`,
        'sh',
        ...enter,
        ...zero,
      ] as const)
    : ([...enter, ...zero] as const);
  // a tool is started before anything is waited for
  const { status, stdout, stderr } = await startingInPidNamespace(pid, () =>
    runTool(argv, { accept: [0, 1, 2] }),
  );
  const wanted = [...(hasMemoryFiles ? ['2'] : []), ...files.map(() => '0')];
  if (status !== 0 || stdout.trim() !== wanted.join('\n'))
    throw refused(stderr.trim() || `the limits are ${stdout.trim().replaceAll('\n', ' ')}`);
}

/** As above with tee(1) and cat(1): a base image has neither busybox nor any other shell. */
async function lockDownByTee(
  pid: number,
  files: readonly string[],
  refused: (why: string) => ProdngError,
): Promise<void> {
  if (existsSync(memoryFiles)) {
    await startingInPidNamespace(pid, () => runTool(['tee', memoryFiles], { input: '2\n' }));
    const { stdout } = await startingInPidNamespace(pid, () => runTool(['cat', memoryFiles]));
    if (stdout.trim() !== '2') throw refused(`${memoryFiles} is ${stdout.trim()}`);
  }
  const enter = ['nsenter', '--user', '--target', String(pid), '--'] as const;
  await runTool([...enter, 'tee', ...files], { input: '0\n' });
  const { stdout } = await runTool([...enter, 'cat', ...files]);
  const limits = stdout.trim().split('\n');
  if (limits.length !== files.length || limits.some((limit) => limit !== '0'))
    throw refused(`the limits are ${limits.join(' ')}`);
}
