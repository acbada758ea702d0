import { readFileSync, readlinkSync } from 'node:fs';
import type { Status } from '../../src/export/enforcement.ts';

/** What the kernel says of a process in a container, against what the jail of the test declares. */
export interface Declared {
  command: string[];
  uid: number;
  memory: number;
  pids: number;
  /** Percent of one CPU. */
  cpu: number;
  tmp: { path: string; size: number };
}

type Look = (process: Process, declared: Declared) => Status;

/** A process of a container, seen from the host. */
class Process {
  readonly #pid: number;
  /** Runs a program in the container; gives whether it succeeded. */
  readonly inside: (...argv: string[]) => boolean;

  constructor(pid: number, inside: Process['inside']) {
    this.#pid = pid;
    this.inside = inside;
  }

  proc(name: string): string {
    return readFileSync(`/proc/${this.#pid}/${name}`, 'utf8');
  }

  cwd(): string {
    return readlinkSync(`/proc/${this.#pid}/cwd`);
  }

  status(name: string): string {
    return new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(this.proc('status'))?.[1] ?? '';
  }

  /** A control file of cgroup v1; NaN for none. */
  cgroup(controller: string, file: string): number {
    const path = new RegExp(`^\\d+:${controller}:(.*)$`, 'm').exec(this.proc('cgroup'))?.[1];
    return Number(readFileSync(`/sys/fs/cgroup/${controller}${path}/${file}`, 'utf8'));
  }

  /** Options of the mount and of its file system. */
  mount(path: string): string[] | undefined {
    const line = this.proc('mountinfo')
      .split('\n')
      .findLast((each) => each.split(' ')[4] === path);
    const words = line?.split(' ') ?? [];
    return line === undefined
      ? undefined
      : [...(words[5] ?? '').split(','), ...(words.at(-1) ?? '').split(',')];
  }
}

const yes = (is: boolean): Status => (is ? 'enforced' : 'lost');

/** How each declaration is seen to be in force; those that are not here, this test does not look at. */
export const looks: Readonly<Record<string, Look>> = {
  Command: (process, { command }) =>
    yes(
      process.proc('cmdline') === `${command.join('\0')}\0` &&
        process.cwd() === '/' &&
        process.proc('environ').split('\0').includes('GREETING=hello'),
    ),
  User: (process, { uid }) => {
    const [inner = 0, outer = 0] = process.proc('uid_map').trim().split(/\s+/).map(Number);
    return yes(Number(process.status('Uid').split('\t')[0]) - outer + inner === uid);
  },
  'Root-Mapping': (process) => yes(!/^\s*0\s+0\s/.test(process.proc('uid_map'))),
  'No-New-Privileges': (process) => yes(process.status('NoNewPrivs') === '1'),
  'Read-Only-Root': (process) => yes(process.mount('/')?.includes('ro') === true),
  Capabilities: (process) =>
    yes(['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'].every((set) => /^0+$/.test(process.status(set)))),
  // a user namespace is what the jail's profile denies and the engines' own let pass
  Syscalls: (process) =>
    yes(
      process.status('Seccomp') === '2' && process.inside('true') && !process.inside('unshare', '-U', 'true'),
    ),
  Memory: (process, { memory }) => {
    if (process.cgroup('memory', 'memory.limit_in_bytes') !== memory) return 'lost';
    return process.cgroup('memory', 'memory.memsw.limit_in_bytes') === memory ? 'enforced' : 'weaker';
  },
  Cpu: (process, { cpu }) =>
    yes(process.cgroup('cpu', 'cpu.cfs_quota_us') * 100 === cpu * process.cgroup('cpu', 'cpu.cfs_period_us')),
  Pids: (process, { pids }) => yes(process.cgroup('pids', 'pids.max') === pids),
  Tmp: (process, { tmp }) => {
    const options = process.mount(tmp.path);
    if (options?.includes(`size=${tmp.size / 1024}k`) !== true) return 'lost';
    return options.includes('noexec') ? 'enforced' : 'weaker';
  },
};

/** What is in force of each declaration that can be looked at. */
export function inForce(
  pid: number,
  declared: Declared,
  inside: (...argv: string[]) => boolean,
): Record<string, Status> {
  const process = new Process(pid, inside);
  return Object.fromEntries(Object.entries(looks).map(([name, look]) => [name, look(process, declared)]));
}
