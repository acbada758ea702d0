import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { endOf, type JailHost, makeJailHost, until } from '../support/jail-host.ts';

let host: JailHost;

beforeEach(async () => {
  host = await makeJailHost();
});

afterEach(async () => {
  const left = await host.leftovers();
  await host.remove();
  expect(left).toEqual([]);
});

/** Handles every signal that it is sent, and says so. */
const polite =
  'trap "echo got TERM; exit 0" TERM; trap "echo got QUIT; exit 9" QUIT; echo ready; while :; do sleep 0.1; done';

/** Starts a jail and waits until its service has said that it is ready. */
async function running(script: string, fields = '', ...options: string[]): Promise<ChildProcess> {
  const deb = await host.jail({ fields });
  const child = host.start(['run', deb, ...options, '--', '/bin/sh', '-c', script]);
  if (child.stdout === null) throw new Error('no output');
  await once(child.stdout, 'data');
  return child;
}

interface Record {
  id: string;
  pid: number;
}

async function recordOf(name = host.name): Promise<Record> {
  return JSON.parse(await readFile(join(host.folder, 'run/jails', `${name}.json`), 'utf8'));
}

const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`) && stateOf(pid) !== 'Z';

function stateOf(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.charAt(stat.lastIndexOf(')') + 2);
}

it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  'hands %s on as the signal that Jail-Stop names',
  async (signal) => {
    const child = await running(polite, 'Jail-Stop: SIGQUIT 60s');
    child.kill(signal);
    expect(await endOf(child)).toMatchObject({ status: 9, stdout: 'got QUIT\n' });
  },
);

it('sends SIGTERM when Jail-Stop says nothing', async () => {
  const child = await running(polite);
  child.kill('SIGINT');
  expect(await endOf(child)).toMatchObject({ status: 0, stdout: 'got TERM\n' });
});

it('kills a service that does not stop within its time', async () => {
  const child = await running(
    'trap "echo not yet" TERM; echo ready; while :; do sleep 0.1; done',
    'Jail-Stop: SIGTERM 500ms',
  );
  child.kill('SIGTERM');
  expect(await endOf(child)).toMatchObject({ status: 137, stdout: expect.stringMatching(/^(not yet\n)?$/) });
});

it('does not wait for a service that would not even notice the signal', async () => {
  const child = await running('echo ready; exec sleep 1000', 'Jail-Stop: SIGTERM 10min');
  child.kill('SIGTERM');
  expect((await endOf(child)).status).toBe(137);
});

it('kills at the second Ctrl-C', async () => {
  const child = await running(
    'trap "echo not yet" TERM; echo ready; while :; do sleep 0.1; done',
    'Jail-Stop: SIGTERM 10min',
  );
  child.kill('SIGINT');
  if (child.stdout === null) throw new Error('no output');
  await once(child.stdout, 'data');
  child.kill('SIGINT');
  expect((await endOf(child)).status).toBe(137);
});

it('ends every process of the jail with its first', async () => {
  const child = await running('sleep 1000 & sleep 1000 & echo ready; sleep 0.2; exit 6');
  expect((await endOf(child)).status).toBe(6);
});

it('kills a jail that is frozen', async () => {
  const child = await running('echo ready; exec sleep 1000');
  const { id } = await recordOf();
  const v1 = `/sys/fs/cgroup/freezer/prodng-${id}/freezer.state`;
  await (existsSync(v1)
    ? writeFile(v1, 'FROZEN')
    : writeFile(`/sys/fs/cgroup/prodng-${id}/cgroup.freeze`, '1'));
  child.kill('SIGTERM');
  expect((await endOf(child)).status).toBe(137);
});

it('runs one jail of a name at a time, and several under names of their own', async () => {
  const child = await running(polite);
  const deb = await host.jail();
  expect(await host.prodng(['run', deb])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining(`a jail named ${host.name} is running`),
  });
  const other = `${host.name}-two`;
  const { stdout } = await host.prodng(['run', deb, '--name', other, '--', '/bin/cat', '/proc/self/uid_map']);
  const ranges = JSON.parse(await readFile(join(host.folder, 'state/uid-ranges.json'), 'utf8'));
  expect(stdout.trim().split(/ +/)).toEqual(['0', String(ranges[other]), '65536']);
  expect(ranges[other]).not.toBe(ranges[host.name]);
  child.kill('SIGTERM');
  await endOf(child);
});

it('dies with prodng when prodng is killed, and the next run clears the rest away', async () => {
  const child = await running('sleep 1000 & echo ready; exec sleep 1000');
  const { pid, id } = await recordOf();
  child.kill('SIGKILL');
  await endOf(child);
  await until(() => !isAlive(pid));
  expect(await readdir(join(host.folder, 'run/jails'))).toContain(id);
  const { status, stderr } = await host.prodng(['run', await host.jail()]);
  expect(status).toBe(0);
  expect(stderr).toContain(`cleared away the jail ${id}`);
});

it('clears away what was left at whatever moment prodng was killed', async () => {
  const deb = await host.jail({ fields: 'Jail-Filesystem: rw /var/lib/box size=1M\nJail-Network: loopback' });
  for (const delay of [40, 60, 80, 100, 120, 140, 160, 180, 200, 250, 300]) {
    const child = host.start(['run', deb, '--', '/bin/sleep', '1000']);
    await new Promise((resolve) => setTimeout(resolve, delay));
    child.kill('SIGKILL');
    await endOf(child);
  }
  await until(async () => (await host.prodng(['run', deb])).status === 0);
});
