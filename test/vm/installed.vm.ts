import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeBusyboxJail } from '../support/busybox-jail.ts';

// The project's own .debs, installed by dpkg on a booted Debian 12: systemd, its kernel, cgroup v2, crun.

const folder = mkdtempSync(join(tmpdir(), 'installed-'));
let deb = '';
beforeAll(async () => {
  deb = await makeBusyboxJail(folder, {
    name: 'boxed',
    fields: `Jail-Command: /bin/sh -c "echo begun; exec sleep 100000"
Jail-Memory: 32M
Jail-Cpu: 50%
Jail-Pids: 16
Jail-Filesystem: rw /var/lib/box size=4M
Jail-Stop: SIGKILL 1s`,
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function ran(...argv: [string, ...string[]]): { status: number | null; stdout: string; stderr: string } {
  const [file, ...args] = argv;
  // what hangs must end as a failure that shows the agent's journal
  const { status, stdout, stderr } = spawnSync(file, args, { encoding: 'utf8', timeout: 100_000 });
  return { status, stdout, stderr };
}

/** Its standard output, when it worked. */
function ok(...argv: [string, ...string[]]): string {
  const { status, stdout, stderr } = ran(...argv);
  if (status !== 0)
    throw new Error(
      `${argv.join(' ')}: ${status}: ${stderr}\n${ran('journalctl', '-u', 'prodng-agent', '-n', '30', '--no-pager').stdout}`,
    );
  return stdout;
}

function property(name: string, unit = 'prodng-agent.service'): string {
  return ok('systemctl', 'show', '--value', '--property', name, unit).trim();
}

async function until(what: string, condition: () => boolean, seconds = 120): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`not within ${seconds} s: ${what}`);
    await sleep(200);
  }
}

function cgroups(): string[] {
  return readdirSync('/sys/fs/cgroup').filter((entry) => /^prodng-boxed-\w+$/.test(entry));
}

/** The jail's first process, by its control group. */
function jailProcess(): { cgroup: string; pid: number } {
  const [name, ...others] = cgroups();
  if (name === undefined || others.length > 0)
    throw new Error(`control groups: ${[name, ...others].join(' ')}`);
  const cgroup = join('/sys/fs/cgroup', name);
  return { cgroup, pid: Number(readFileSync(join(cgroup, 'cgroup.procs'), 'utf8').split('\n')[0]) };
}

function state(): unknown {
  const jails: { name: string; state: string }[] = JSON.parse(ok('prodng', 'ls', '--json'));
  return jails.find(({ name }) => name === 'boxed')?.state;
}

test('the host is the production kind, and prodng doctor has nothing against it', () => {
  expect(ok('stat', '-f', '-c', '%T', '/sys/fs/cgroup').trim()).toBe('cgroup2fs');
  const groups: { purpose: string; checks: { name: string; ok: boolean; detail: string }[] }[] = JSON.parse(
    ran('prodng', 'doctor', '--json').stdout,
  );
  const lacking = groups.flatMap(({ purpose, checks }) =>
    checks.filter((check) => !check.ok).map(({ name, detail }) => `${purpose}: ${name}: ${detail}`),
  );
  // the image has no archives, as it has no network
  expect(lacking.filter((text) => !text.startsWith('build: package archives'))).toEqual([]);
});

test('systemd holds the socket for root and the group prodng only', () => {
  expect(property('ActiveState', 'prodng-agent.socket')).toBe('active');
  const { mode, uid, gid } = statSync('/run/prodng/agent.sock');
  const group = /^prodng:x:(\d+):$/m.exec(readFileSync('/etc/group', 'utf8'))?.[1];
  expect({ mode: mode & 0o777, uid, gid: String(gid) }).toEqual({ mode: 0o660, uid: 0, gid: group });
  const asNobody = (...groups: string[]) =>
    ran(
      'setpriv',
      '--reuid=65534',
      '--regid=65534',
      ...groups,
      'env',
      runFolder,
      'prodng',
      'ls',
      '--format',
      'name',
    );
  // where others than root look by themselves is their own
  const runFolder = 'PRODNG_RUN_DIR=/run/prodng';
  expect(asNobody('--clear-groups').status).toBe(2);
  expect(asNobody(`--groups=${group}`)).toMatchObject({ status: 0, stderr: '' });
});

test('the agent notifies systemd that it is ready, and is watched by it', () => {
  ok('systemctl', 'start', 'prodng-agent.service');
  expect(property('ActiveState')).toBe('active');
  expect(property('Type')).toBe('notify');
  expect(property('WatchdogUSec')).toBe('30s');
  expect(property('NRestarts')).toBe('0');
  const exe = readlinkSync(`/proc/${property('MainPID')}/exe`);
  expect(exe).toBe('/usr/lib/prodng/node');
});

test('what the unit gives up is given up', () => {
  const status = readFileSync(`/proc/${property('MainPID')}/status`, 'utf8');
  const bounding = BigInt(`0x${/^CapBnd:\t(\w+)$/m.exec(status)?.[1]}`);
  const has = (capability: number) => (bounding & (1n << BigInt(capability))) !== 0n;
  // SYS_MODULE, SYS_BOOT, SYS_TIME, SYSLOG, LINUX_IMMUTABLE, and SYS_ADMIN for a comparison
  expect([16, 22, 25, 34, 9, 21].map(has)).toEqual([false, false, false, false, false, true]);
  expect(status).toMatch(/^NoNewPrivs:\t1$/m);
  const level = Number(
    /overall exposure level.*?: (\d+\.\d)/i.exec(
      ran('systemd-analyze', 'security', '--no-pager', 'prodng-agent.service').stdout,
    )?.[1],
  );
  console.log(`systemd-analyze security: exposure ${level}`);
  expect(level).toBeLessThan(8.5);
});

test('prodng install starts a jail by crun, with its limits in cgroup v2', async () => {
  ok('prodng', 'install', deb);
  expect(state()).toBe('running');
  const { cgroup } = jailProcess();
  const read = (file: string) => readFileSync(join(cgroup, file), 'utf8').trim();
  expect({
    memory: read('memory.max'),
    swap: read('memory.swap.max'),
    cpu: read('cpu.max'),
    pids: read('pids.max'),
  }).toEqual({ memory: String(32 * 2 ** 20), swap: '0', cpu: '50000 100000', pids: '16' });
  // what handles its output is paid by it
  const monitors = (file: string) => readFileSync(join(`${cgroup}-monitor`, file), 'utf8').trim();
  expect(monitors('cpu.max')).toBe('50000 100000');
  expect(monitors('cgroup.procs').split('\n')).toHaveLength(2);
  expect(ok('prodng', 'logs', 'boxed')).toContain('begun');
});

test('a service cannot change what its streams lead to on the host', () => {
  const whose = (path: string) => {
    const { uid, gid, mode } = statSync(path);
    return { uid, gid, mode: (mode & 0o777).toString(8) };
  };
  // the agent's jail has it as its input
  expect(whose('/dev/null')).toEqual({ uid: 0, gid: 0, mode: '666' });
  const log = join(folder, 'log');
  const file = openSync(log, 'wx', 0o600);
  const argv = [
    'run',
    '--name',
    'logged',
    deb,
    '--',
    '/bin/sh',
    '-c',
    // a pipe of its own: changing its mode has no effect outside of the jail
    'readlink /proc/self/fd/1; readlink /proc/self/fd/2; chmod 666 /proc/self/fd/2; exit 7',
  ];
  const { status } = spawnSync('prodng', argv, { stdio: ['ignore', file, file], timeout: 100_000 });
  closeSync(file);
  expect(status).toBe(7);
  expect(readFileSync(log, 'utf8')).toMatch(/^pipe:\[\d+\]\npipe:\[\d+\]$/m);
  expect(whose(log)).toEqual({ uid: 0, gid: 0, mode: '600' });
  expect(whose('/dev/null')).toEqual({ uid: 0, gid: 0, mode: '666' });
});

test('prodng exec runs a program as the service runs, which crun does not do by itself', () => {
  const look = (pid: string) => ok('prodng', 'exec', 'boxed', '--', '/bin/cat', `/proc/${pid}/status`);
  const rights = (status: string) => status.match(/^(?:Uid|Gid|Groups|Cap\w+|NoNewPrivs|Seccomp):.*$/gm);
  const service = rights(look('1'));
  expect(service).toContain('Uid:\t999\t999\t999\t999');
  expect(rights(look('self'))).toEqual(service);
});

test('a jail goes on while the agent is restarted, killed and stopped, and the next agent takes it over', async () => {
  const { pid } = jailProcess();
  ok('systemctl', 'restart', 'prodng-agent.service');
  expect([state(), jailProcess().pid]).toEqual(['running', pid]);

  const agent = property('MainPID');
  ok('systemctl', 'kill', '--kill-whom=main', '--signal=KILL', 'prodng-agent.service');
  await until(
    'another agent',
    () => ![agent, '0'].includes(property('MainPID')) && property('ActiveState') === 'active',
  );
  expect([state(), jailProcess().pid]).toEqual(['running', pid]);

  ok('systemctl', 'stop', 'prodng-agent.service');
  expect(existsSync(`/proc/${pid}`)).toBe(true);
  // systemd still listens, and starts the agent for who asks
  expect([state(), jailProcess().pid]).toEqual(['running', pid]);
  expect(property('ActiveState')).toBe('active');
});

test('systemd ends an agent that does not answer, and the jail goes on', async () => {
  const { pid } = jailProcess();
  const agent = property('MainPID');
  ok('systemctl', 'kill', '--kill-whom=main', '--signal=STOP', 'prodng-agent.service');
  await until(
    'the watchdog',
    () => ![agent, '0'].includes(property('MainPID')) && property('ActiveState') === 'active',
  );
  expect([state(), jailProcess().pid]).toEqual(['running', pid]);
});

test('what the packages keep is kept, and what a jail was is gone', async () => {
  ok('prodng', 'rm', '--purge', 'boxed');
  expect(readdirSync('/sys/fs/cgroup').filter((entry) => entry.startsWith('prodng-boxed'))).toEqual([]);
  expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain('boxed');
  expect(ok('losetup', '--list', '--noheadings')).not.toContain('boxed');
  expect(ok('prodng', 'events', '--verify')).not.toBe('');
});
