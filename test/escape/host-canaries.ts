import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';

/** What lies open on the host for a jail that gets out, and what is looked at from outside. */
export interface HostCanaries {
  /** Arguments of the hostile program that lead it there. */
  argv: string[];
  /** A log of root's that the jail writes to as its standard error. */
  log: string;
  /** All of it, and what else of the host a jail could change. */
  look(): Record<string, unknown>;
  remove(): Promise<void>;
}

/** @param folder may be searched by everybody */
export async function placeCanaries(folder: string): Promise<HostCanaries> {
  mkdirSync(folder);
  chmodSync(folder, 0o755);
  const file = join(folder, 'canary');
  const log = join(folder, 'log');
  const socket = join(folder, 'socket');
  const abstract = `hostile-canary-${process.pid}`;
  writeFileSync(file, 'canary\n', { mode: 0o644 });
  writeFileSync(log, '', { mode: 0o600 });
  const visits: string[] = [];
  const listen = async (where: string, place: { path: string } | { host: string; port: number }) => {
    const server = createServer((connection) => {
      visits.push(where);
      connection.destroy();
    }).listen(place);
    await once(server, 'listening');
    return server;
  };
  const servers = [
    await listen('abstract socket', { path: `\0${abstract}` }),
    await listen('socket', { path: socket }),
    await listen('loopback', { host: '127.0.0.1', port: 0 }),
  ];
  chmodSync(socket, 0o666);
  const sleeper = await untilWeEnd('cat');
  // no exclusive lock: two runs at once are not in each other's way
  const lock = await untilWeEnd('flock', '--shared', '--nonblock', '--no-fork', '/dev/full', 'cat');
  const openings = setInterval(() => closeSync(openSync('/dev/null', 'r')), 50);
  const shared = execFileSync('ipcmk', ['--shmem', '4096', '--mode', '0666'], { encoding: 'utf8' });
  const id = /\d+/.exec(shared)?.[0] ?? '';
  const key = Number(
    execFileSync('ipcs', ['--shmems'], { encoding: 'utf8' }).match(new RegExp(`^(0x\\w+) +${id} `, 'm'))?.[1],
  );
  const disk = hostDisk();
  return {
    log,
    argv: [
      `canary=${file}`,
      `host-pid=${sleeper.pid}`,
      `abstract=${abstract}`,
      `socket=${socket}`,
      `port=${portOf(servers[2])}`,
      `ipc-key=${key}`,
      `disk=${disk.path}`,
      `disk-major=${disk.major}`,
      `disk-minor=${disk.minor}`,
    ],
    look: () => ({
      visits: [...visits],
      file: [readFileSync(file, 'utf8'), modeAndOwner(file)],
      log: modeAndOwner(log),
      folder: readdirSync(folder).sort(),
      sleeper: stateOf(sleeper),
      shared: execFileSync('ipcs', ['--shmems', '--id', id], { encoding: 'utf8' }).replace(/.*_time=.*/g, ''),
      ...hostState(folder),
    }),
    async remove() {
      clearInterval(openings);
      sleeper.kill('SIGKILL');
      lock.kill('SIGKILL');
      execFileSync('ipcrm', ['--shmem-id', id]);
      for (const server of servers) server.close();
    },
  };
}

function portOf(server: Server | undefined): number {
  const address = server?.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return address.port;
}

function modeAndOwner(path: string): string {
  const { mode, uid, gid, nlink, rdev } = lstatSync(path);
  return `${mode.toString(8)} ${uid}:${gid} ${nlink} ${rdev}`;
}

/** Whether it lives, and as it was started. */
function stateOf({ pid, exitCode, signalCode }: ChildProcess): string[] {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ');
  return [
    `${exitCode} ${signalCode}`,
    fields.slice(15, 19).join(' '),
    readFileSync(`/proc/${pid}/limits`, 'utf8'),
    readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8'),
    readFileSync(`/proc/${pid}/status`, 'utf8').replace(
      /^(?:SigQ|Vm|Rss|.*ctxt|.*_allowed|Threads|State|Hugetlb).*\n/gm,
      '',
    ),
  ];
}

const sysctls = (
  'kernel/core_pattern kernel/modprobe kernel/panic_on_oops kernel/randomize_va_space kernel/hostname kernel/domainname ' +
  'vm/overcommit_memory vm/memfd_noexec fs/file-max fs/protected_symlinks fs/suid_dumpable net/ipv4/ip_forward ' +
  'net/ipv4/conf/all/rp_filter user/max_user_namespaces user/max_net_namespaces'
).split(' ');

/** What a jail could change on its host. Others use the machine too: mounts and the like are only those of ours. */
function hostState(folder: string): Record<string, unknown> {
  const ours = (text: string) =>
    text.split('\n').filter((line) => line.includes(folder) || line.includes('hostile'));
  return {
    sysctls: sysctls.map((name) => `${name}=${readOrNothing(`/proc/sys/${name}`)}`),
    devices: ['null', 'zero', 'full', 'random', 'urandom', 'tty'].map((name) => modeAndOwner(`/dev/${name}`)),
    root: readdirSync('/').sort(),
    accounts: ['passwd', 'group', 'shadow'].map((name) => readOrNothing(`/etc/${name}`)),
    mounts: ours(readFileSync('/proc/self/mountinfo', 'utf8')),
    loops: ours(execFileSync('losetup', ['--list', '--noheadings'], { encoding: 'utf8' })),
    links: ours(execFileSync('ip', ['-o', 'link'], { encoding: 'utf8' })),
    groups: ours(
      execFileSync('find', ['/sys/fs/cgroup', '-maxdepth', '3', '-type', 'd'], { encoding: 'utf8' }),
    ),
    processes: hostileProcesses(),
    // how many use each is nobody's doing: other tests mount as well
    modules: readOrNothing('/proc/modules').replaceAll(/ .*/g, ''),
    swaps: readOrNothing('/proc/swaps'),
  };
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return 'nothing';
  }
}

function hostileProcesses(): string[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('/usr/libexec/hostile/') ? [pid] : [];
      } catch {
        return [];
      }
    });
}

/** Any whole disk will do: nothing of it is read. */
function hostDisk(): { path: string; major: number; minor: number } {
  const [name] = readdirSync('/sys/block').filter((entry) => /^(?:vd|sd|nvme|xvd)/.test(entry));
  if (name === undefined) throw new Error('this host has no disk');
  const { rdev } = statSync(`/dev/${name}`);
  return { path: `/dev/${name}`, major: (rdev >> 8) & 0xfff, minor: rdev & 0xff };
}

/** Starts a program that copies its input, and waits until it does. It ends with its input: with us, at the latest. */
async function untilWeEnd(file: string, ...argv: string[]): Promise<ChildProcess> {
  const child = spawn(file, argv, { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.write('ready\n');
  const ended = once(child, 'exit').then(([status]) => {
    throw new Error(`${file} ended with ${status}`);
  });
  await Promise.race([once(child.stdout, 'data'), ended]);
  ended.catch(() => {});
  return child;
}
