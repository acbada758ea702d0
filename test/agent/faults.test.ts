import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type AgentHost, makeAgentHost } from '../support/agent-host.ts';
import { until } from '../support/jail-host.ts';

let host: AgentHost;
let state: string;

beforeEach(async () => {
  host = await makeAgentHost();
  state = join(host.folder, 'state');
  await mkdir(state);
});

afterEach(async () => {
  const names = (await host.ok('ls', '--format', 'name')).split('\n').filter(Boolean);
  for (const name of names) await host.ok('rm', '--purge', name);
  await host.endAgent('SIGTERM');
  const left = await host.leftovers();
  await host.remove();
  expect(left).toEqual([]);
});

const sleeping = { fields: 'Jail-Command: /bin/sh -c "exec sleep 1000"' };

/** Has the state lie on a small disk of its own while something is done. */
async function onSmallDisk(work: () => Promise<void>): Promise<void> {
  // not in the host's folder: whoever makes a mount namespace meanwhile keeps the loop device for a while
  const image = `/var/tmp/small-disk-${host.name}`;
  execFileSync('truncate', ['--size', '24M', image]);
  execFileSync('mkfs.ext4', ['-q', '-F', '-m', '0', '-O', '^has_journal', image]);
  execFileSync('mount', ['-o', 'loop', image, state]);
  await rm(image);
  try {
    await work();
  } finally {
    await host.endAgent('SIGTERM');
    // lazily: after a failure the jail and its log keeper still have files open, and its error must not be hidden
    execFileSync('umount', ['--lazy', state]);
    // what afterEach asks for the jails
    await host.startAgent();
  }
}

/** To the last block. */
function fill(path: string): void {
  for (const size of ['64k', '1k'])
    try {
      execFileSync('dd', ['if=/dev/zero', `of=${path}`, `bs=${size}`, 'oflag=append', 'conv=notrunc'], {
        stdio: 'ignore',
      });
    } catch {
      // it ends as it should: there is no more room
    }
}

async function post(path: string, body?: unknown): Promise<{ status: number; body: string }> {
  return host.api('POST', path, body === undefined ? undefined : JSON.stringify(body));
}

it('says that the disk is full, does nothing by half, keeps the jails, and goes on once there is room', async () => {
  const deb = await host.jail(sleeping);
  const other = await host.jail({ ...sleeping, name: `${host.name}other` });
  const jail = `/v1/jails/${host.name}`;
  await onSmallDisk(async () => {
    await host.startAgent();
    await host.ok('install', deb);
    const before = await host.summary();
    const ballast = join(state, 'ballast');
    fill(ballast);
    for (const asked of [await post('/v1/jails', { path: other }), await post(`${jail}/stop`)]) {
      expect(asked.status, asked.body).toBeGreaterThanOrEqual(400);
      expect(asked.body).toMatch(/ENOSPC|No space left/i);
      expect(asked.body).not.toContain('INTERNAL');
    }
    expect(await host.summary()).toEqual(before);
    expect(await host.ok('ls', '--format', 'name')).toBe(`${host.name}\n`);
    // its end is noticed, and it is started again, though nothing of it can be written down
    process.kill(Number(before?.pid), 'SIGKILL');
    await until(async () => {
      const now: { state: string; pid?: number }[] = JSON.parse((await host.api('GET', '/v1/jails')).body);
      return now[0]?.state === 'running' && now[0].pid !== before?.pid;
    });
    await rm(ballast);
    await host.ok('stop', host.name);
    await host.ok('install', other);
    expect(await host.ok('events', '--verify')).toMatch(/chain intact/);
    expect(await host.ok('events')).toMatch(/exited.*started.*stopped/s);
    for (const name of [host.name, `${host.name}other`]) await host.ok('rm', '--purge', name);
  });
});

it('does nothing by half on a read-only disk, and keeps the jails running', async () => {
  const deb = await host.jail(sleeping);
  await onSmallDisk(async () => {
    await host.startAgent();
    await host.ok('install', deb);
    const before = await host.summary();
    // descriptors that are open for writing keep the file system from becoming read-only for everybody
    const read = (how: string) => execFileSync('mount', ['-o', `remount,bind,${how}`, state]);
    execFileSync('mount', ['--bind', state, state]);
    read('ro');
    try {
      const stop = await post(`/v1/jails/${host.name}/stop`);
      expect(stop).toMatchObject({ status: 503, body: expect.stringContaining('EROFS') });
      expect(await host.summary()).toEqual(before);
    } finally {
      read('rw');
      execFileSync('umount', [state]);
    }
    await host.ok('stop', host.name);
    await host.ok('rm', '--purge', host.name);
    expect(await host.ok('events', '--verify')).toMatch(/chain intact/);
  });
});

it('stops and starts again what it can while the runtime is missing, and says what is', async () => {
  await host.startAgent();
  await host.ok('install', await host.jail(sleeping));
  await host.endAgent('SIGKILL');
  const runtime = execFileSync('sh', ['-c', 'command -v crun || command -v runc'], {
    encoding: 'utf8',
  }).trim();
  const hide = 'runtime=$1; shift; mount --bind /dev/null "$runtime" && exec "$@"';
  await host.startAgent({}, undefined, ['unshare', '--mount', 'sh', '-c', hide, 'sh', runtime]);
  expect((await host.summary())?.state).toBe('running');
  expect(await host.ok('stop', host.name)).toBe(`${host.name} is stopped\n`);
  expect(await post(`/v1/jails/${host.name}/start`)).toMatchObject({
    status: 503,
    body: expect.stringContaining('apt-get install'),
  });
  expect(await host.summary()).toMatchObject({ state: 'stopped', desired: 'stopped' });
  await host.endAgent('SIGTERM');
  await host.startAgent();
  expect(await host.ok('start', host.name)).toBe(`${host.name} is running\n`);
});

it('kills a jail that ignores SIGTERM after its time, and answers others meanwhile', async () => {
  await host.startAgent();
  const fields =
    'Jail-Stop: SIGTERM 5s\nJail-Command: /bin/sh -c "trap \\"echo no\\" TERM; echo up; while :; do sleep 0.1; done"';
  await host.ok('install', await host.jail({ fields }));
  await until(async () => (await host.ok('logs', host.name)).includes('up'));
  const begin = performance.now();
  const stopping = post(`/v1/jails/${host.name}/stop`);
  await until(async () => (await host.api('GET', '/v1/jails')).body.includes('"state":"stopping"'));
  expect(await stopping).toMatchObject({ status: 200 });
  expect(performance.now() - begin).toBeGreaterThan(4900);
  expect(await host.summary()).toMatchObject({ state: 'stopped', lastExit: { status: 137 } });
  expect(await host.ok('logs', host.name)).toContain('no');
});

it('shows, stops and clears away a jail that is full of zombies', async () => {
  await host.startAgent();
  // whoever execs sleep never asks how its children ended
  const script = 'i=0; while [ $i -lt 80 ]; do sleep 2 & i=$((i+1)); done; exec sleep 1000';
  const fields = `Jail-Pids: 100\nJail-Command: /bin/sh -c "${script}"`;
  await host.ok('install', await host.jail({ fields }));
  const pid = Number((await host.summary())?.pid);
  await until(() => zombiesOf(pid) > 50);
  // control groups list no zombies
  expect((await host.api('GET', `/v1/jails/${host.name}/processes`)).body).toContain('sleep 1000');
  expect((await host.api('GET', '/v1/stats')).status).toBe(200);
  expect((await host.api('GET', '/metrics')).status).toBe(200);
  expect(await host.ok('restart', host.name)).toBe(`${host.name} is running\n`);
  expect(await host.ok('stop', host.name)).toBe(`${host.name} is stopped\n`);
});

function zombiesOf(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
  return children.filter((child) => /\) Z /.test(readFileSync(`/proc/${child}/stat`, 'utf8'))).length;
}

it('counts failures and waits by a clock that nobody sets', async () => {
  const clock = join(host.folder, 'clock');
  await writeFile(clock, '+0');
  const library = execFileSync('sh', ['-c', 'ls /usr/lib/*/faketime/libfaketimeMT.so.1'], {
    encoding: 'utf8',
  });
  await host.startAgent({
    LD_PRELOAD: library.trim(),
    FAKETIME_TIMESTAMP_FILE: clock,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    DONT_FAKE_MONOTONIC: '1',
  });
  const fields = 'Jail-Command: /bin/sh -c "exit 3"\nJail-Restart: on-failure backoff=50ms';
  const installed = host.ok('install', await host.jail({ fields }));
  // to and fro by days: a run would seem to have lasted for long, or to end before it began
  let jump = 0;
  await until(async () => {
    jump++;
    await writeFile(clock, jump % 2 === 0 ? `-${jump}d` : `+${jump}d`);
    return (await host.api('GET', '/v1/jails')).body.includes('"state":"crash-loop"');
  });
  await installed;
  expect(await host.ok('events', '--verify')).toMatch(/chain intact/);
});
