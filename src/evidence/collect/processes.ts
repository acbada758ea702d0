import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../../error/prodng-error.ts';
import type { RunRecord } from '../../jail/lifecycle/jail-slot.ts';
import type { BundleWriter } from '../bundle/bundle-writer.ts';
import { redactEnvironment } from './environment.ts';
import { addProcFile, readDescriptor } from './proc-file.ts';

const artifact = 'ProdNGJailProcesses';

/** proc(5); the most volatile first. */
const files = (
  'status stat cmdline wchan syscall stack maps smaps io limits cgroup mountinfo auxv comm oom_score_adj ' +
  'sched timers uid_map gid_map loginuid personality attr/current'
).split(' ');

const namespaces = 'cgroup ipc mnt net pid time user uts'.split(' ');

/** The processes of a run, as the kernel lists them. */
export function pidsOf({ cgroup, cgroups }: Pick<RunRecord, 'cgroup' | 'cgroups'>): number[] {
  const folder = cgroups === 'v2' ? '/sys/fs/cgroup' : '/sys/fs/cgroup/freezer';
  return readFileSync(join(folder, cgroup, 'cgroup.procs'), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map(Number);
}

/** What the kernel says of a process: files of /proc, links, threads, open files, programs that have no name any more. */
export async function collectProcess(
  bundle: BundleWriter,
  pid: number,
  options: { secrets: boolean; fileBytes: number },
): Promise<void> {
  const at = (name: string) => `process/${pid}/${name}`;
  for (const name of files)
    await addProcFile(bundle, { path: at(name), source: `/proc/${pid}/${name}`, artifact });
  await addProcFile(
    bundle,
    { path: at('environ'), source: `/proc/${pid}/environ`, artifact: 'ProdNGJailEnvironment' },
    options.secrets ? undefined : redactEnvironment,
  );
  const links = Object.fromEntries(
    ['exe', 'cwd', 'root', ...namespaces.map((name) => `ns/${name}`)].map((name) => [
      name,
      linkOf(pid, name),
    ]),
  );
  await bundle.addJson({ path: at('links.json'), source: `/proc/${pid}`, artifact }, links);
  const threads = list(`/proc/${pid}/task`).map((tid) => ({
    tid: Number(tid),
    comm: textOf(`/proc/${pid}/task/${tid}/comm`),
    syscall: textOf(`/proc/${pid}/task/${tid}/syscall`),
    wchan: textOf(`/proc/${pid}/task/${tid}/wchan`),
  }));
  await bundle.addJson({ path: at('threads.json'), source: `/proc/${pid}/task`, artifact }, threads);
  const open = openFiles(pid);
  await bundle.addJson({ path: at('fds.json'), source: `/proc/${pid}/fd`, artifact }, open);
  await collectUnnamed(bundle, pid, open, options.fileBytes);
}

interface OpenFile {
  fd: number;
  target: string;
  fdinfo: string;
}

function openFiles(pid: number): OpenFile[] {
  return list(`/proc/${pid}/fd`)
    .map(Number)
    .toSorted((a, b) => a - b)
    .map((fd) => ({ fd, target: linkOf(pid, `fd/${fd}`), fdinfo: textOf(`/proc/${pid}/fdinfo/${fd}`) }));
}

/** Programs, mapped code and open files that were deleted or never had a name: no file system lists them. */
async function collectUnnamed(
  bundle: BundleWriter,
  pid: number,
  open: readonly OpenFile[],
  most: number,
): Promise<void> {
  const mapped = textOf(`/proc/${pid}/maps`)
    .split('\n')
    .flatMap((line) => {
      const [range = '', flags = ''] = line.split(' ');
      return flags.includes('x') && isUnnamed(line) ? [`map_files/${normalRange(range)}`] : [];
    });
  const candidates = [
    ...(isUnnamed(linkOf(pid, 'exe')) ? ['exe'] : []),
    ...mapped,
    ...open.filter(({ target }) => isUnnamed(target)).map(({ fd }) => `fd/${fd}`),
  ];
  const seen = new Set<string>();
  for (const name of candidates) {
    const source = `/proc/${pid}/${name}`;
    const found = readUnnamed(source, most, seen);
    if (found instanceof Error) bundle.failed(source, 'ProdNGJailDeletedFiles', found);
    else if (found !== undefined)
      await bundle.add(
        {
          path: `process/${pid}/unnamed/${name.replaceAll('/', '-')}`,
          source,
          artifact: 'ProdNGJailDeletedFiles',
        },
        found,
      );
  }
}

/** maps pads addresses, map_files does not. */
function normalRange(range: string): string {
  return range
    .split('-')
    .map((address) => address.replace(/^0+(?=.)/, ''))
    .join('-');
}

function isUnnamed(target: string): boolean {
  return target.endsWith(' (deleted)') || target.includes('/memfd:');
}

/** @returns undefined when it is no regular file, or one that was read already */
function readUnnamed(source: string, most: number, seen: Set<string>): Buffer | Error | undefined {
  try {
    const fd = openSync(source, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    try {
      const about = fstatSync(fd);
      const key = `${about.dev}:${about.ino}`;
      if (!about.isFile() || seen.has(key)) return undefined;
      seen.add(key);
      return readDescriptor(fd, most);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** SHA-256 of the program that a process runs, deleted or not. */
export function programDigest(pid: number): string | undefined {
  try {
    const fd = openSync(`/proc/${pid}/exe`, 'r');
    try {
      return createHash('sha256')
        .update(readDescriptor(fd, 2 ** 30))
        .digest('hex');
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  }
}

function linkOf(pid: number, name: string): string {
  try {
    return readlinkSync(`/proc/${pid}/${name}`);
  } catch (error) {
    return `(${errnoOf(error) ?? 'unreadable'})`;
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').trimEnd();
  } catch (error) {
    return `(${errnoOf(error) ?? 'unreadable'})`;
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
