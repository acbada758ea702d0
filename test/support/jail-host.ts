import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { quoteForShell, run } from '../../src/system/process.ts';
import { type BusyboxJail, makeBusyboxJail } from './busybox-jail.ts';

export interface Ended {
  /** The exit status; a signal that killed prodng itself is a failure of the test. */
  status: number | null;
  stdout: string;
  stderr: string;
}

export interface StartOptions {
  input?: string;
  /** A network namespace to run prodng in, by a process in it. */
  netns?: number;
  env?: Readonly<Record<string, string>>;
  /** A program that runs prodng, with its arguments. */
  prefix?: readonly string[];
}

/** A program on a pseudo terminal. */
export interface TerminalSession {
  type(keys: string): void;
  /** Waits until it has printed that. */
  said(wanted: string): Promise<void>;
  /** All that it has printed so far. */
  output(): string;
  status(): Promise<number | null>;
}

/** prodng with folders of its own, running real jails. */
export interface JailHost {
  /** Unique: control groups and processes of this host's jails bear it. */
  name: string;
  folder: string;
  env: Record<string, string>;
  jail(jail?: BusyboxJail): Promise<string>;
  /** Starts `prodng ARGV...`. */
  start(argv: readonly string[], options?: StartOptions): ChildProcess;
  prodng(argv: readonly string[], options?: StartOptions): Promise<Ended>;
  /** Starts it on a terminal. */
  terminal(argv: readonly string[]): TerminalSession;
  /** Makes a jail with these fields and runs a shell script in it. */
  script(fields: string, script: string, ...options: string[]): Promise<Ended>;
  /** What jails have left behind on this machine: empty, if all is well. */
  leftovers(): Promise<string[]>;
  remove(): Promise<void>;
}

/** The CLI in the form that is installed: a test starts it hundreds of times, and this one starts five times as fast. */
export const program = process.env.PRODNG_TEST_PROGRAM ?? resolve('dist/prodng.cjs');

/** On a disk: not every kernel's tmpfs can be mounted with mapped owners. */
const scratch = '/var/tmp';

/** @param run where it keeps what a run is made of (default: on a disk, in its own folder) */
export async function makeJailHost(run?: string): Promise<JailHost> {
  const folder = await mkdtemp(join(scratch, 'jail-host-'));
  const name = `box${folder.slice(-6).toLowerCase()}`;
  const env = {
    PATH: process.env.PATH ?? '',
    PRODNG_CACHE_DIR: join(folder, 'cache'),
    PRODNG_STATE_DIR: join(folder, 'state'),
    PRODNG_RUN_DIR: run ?? join(folder, 'run'),
  };
  const before = hostMounts();
  const started = new Set<ChildProcess>();

  const start: JailHost['start'] = (argv, options = {}) => {
    const enter = options.netns === undefined ? [] : ['nsenter', '--net', `--target=${options.netns}`];
    const [file = '', ...args] = [...enter, ...(options.prefix ?? []), process.execPath, program, ...argv];
    const child = spawn(file, args, { env: { ...env, ...options.env }, stdio: ['pipe', 'pipe', 'pipe'] });
    started.add(child);
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
    return child;
  };
  const prodng: JailHost['prodng'] = (argv, options) => endOf(start(argv, options));
  const jail: JailHost['jail'] = (box = {}) => makeBusyboxJail(folder, { name, ...box });

  return {
    name,
    folder,
    env,
    jail,
    start,
    prodng,
    async script(fields, script, ...options) {
      const deb = await jail({ fields });
      return prodng(['run', deb, ...options, '--', '/bin/sh', '-c', script]);
    },
    terminal: (argv) => terminalSession([process.execPath, program, ...argv], env, started),
    leftovers: () => leftovers(name, folder, before),
    async remove() {
      // only what a failed test left running; with prodng its jail dies
      for (const child of started) if (child.exitCode === null) child.kill('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** script(1) makes the terminal; it takes a shell's command line and nothing else. */
export function terminalSession(
  argv: readonly string[],
  env: Record<string, string>,
  started: Set<ChildProcess> = new Set(),
): TerminalSession {
  const command = argv.map(quoteForShell).join(' ');
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    env: { ...env, TERM: 'xterm', SHELL: '/bin/sh' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  started.add(child);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  // what it said last is read after its exit
  let isOver = false;
  const closed = new Promise<number | null>((resolve) => {
    child.once('close', (status) => {
      isOver = true;
      resolve(status);
    });
  });
  return {
    type: (keys) => child.stdin.write(keys),
    async said(wanted) {
      await until(() => {
        if (output.includes(wanted)) return true;
        if (isOver) throw new Error(`it ended, having said: ${output}`);
        return false;
      });
    },
    output: () => output,
    status: () => closed,
  };
}

export async function endOf(child: ChildProcess): Promise<Ended> {
  if (child.stdout === null || child.stderr === null) throw new Error('its output is not ours');
  const exit = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  const [stdout, stderr, status] = await Promise.all([text(child.stdout), text(child.stderr), exit]);
  return { status, stdout, stderr };
}

/** Waits for a line of a running prodng's standard output, or for some other sign. */
export async function until<T>(what: () => T | Promise<T>): Promise<T & {}> {
  for (;;) {
    const found = await what();
    if (found !== undefined && found !== null && found !== false && found !== '') return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function hostMounts(): string[] {
  return readFileSync('/proc/self/mounts', 'utf8').split('\n');
}

async function leftovers(name: string, folder: string, before: readonly string[]): Promise<string[]> {
  const mounts = hostMounts().filter((line) => !before.includes(line) && line.includes(folder));
  const loops = (await run(['losetup', '--list', '--noheadings', '--output', 'BACK-FILE'])).stdout
    .split('\n')
    .filter((file) => file.includes(folder));
  const running = join(folder, 'run');
  const files = ['jails', 'runtime'].flatMap((part) =>
    existsSync(join(running, part))
      ? readdirSync(join(running, part)).filter((entry) => !entry.endsWith('.lock'))
      : [],
  );
  return [...mounts, ...loops, ...files, ...cgroups(name), ...processes(name)];
}

function cgroups(name: string): string[] {
  const top = '/sys/fs/cgroup';
  const folders = [top, ...readdirSync(top).map((entry) => join(top, entry))];
  return folders.flatMap((folder) =>
    isFolder(folder)
      ? readdirSync(folder)
          .filter((entry) => entry.includes(`prodng-${name}`))
          .map((entry) => join(folder, entry))
      : [],
  );
}

/** Processes in a control group of ours, or with our name on their command line, such as a watchdog's runtime. */
function processes(name: string): string[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        const group = readFileSync(`/proc/${pid}/cgroup`, 'utf8');
        // a dead orphan is init's to bury
        if (/^\d+ \(.*\) Z 1 /s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))) return [];
        return group.includes(name) || command.includes(name) ? [`${pid}: ${command}`] : [];
      } catch {
        return [];
      }
    });
}

function isFolder(path: string): boolean {
  try {
    readdirSync(path);
    return true;
  } catch {
    return false;
  }
}
