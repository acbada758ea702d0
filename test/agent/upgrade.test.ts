import { existsSync, readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { run } from '../../src/system/process.ts';
import { type AgentHost, makeAgentHost } from '../support/agent-host.ts';
import { until } from '../support/jail-host.ts';

let host: AgentHost;

beforeEach(async () => {
  host = await makeAgentHost();
  await host.startAgent();
});

afterEach(async () => {
  const names = (await host.ok('ls', '--format', 'name')).split('\n').filter(Boolean);
  for (const name of names) await host.ok('rm', '--purge', name);
  await host.endAgent('SIGTERM');
  const left = await host.leftovers();
  await host.remove();
  expect(left).toEqual([]);
});

/** A version that says its name, and writes it where it can. */
function version(number: string, fields = '', end = 'exec sleep 1000'): Promise<string> {
  return host.jail({
    fields: `Jail-Command: /bin/sh -c "echo ${number} is here; ${end}"\n${fields}`,
    control: (text) => text.replace('Version: 1.0-1', `Version: ${number}-1`),
  });
}

const volume = 'Jail-Filesystem: rw /var/lib/box';

it('upgrades a service beside the old one, and goes back in one step', async () => {
  await host.ok('install', await version('1.0'));
  const before = await host.summary();
  expect(await host.ok('upgrade', host.name, await version('2.0'))).toBe(
    `${host.name} is at 2.0-1, running\n`,
  );
  expect(existsSync(`/proc/${String(before?.pid)}`)).toBe(false);
  expect(await host.ok('logs', host.name)).toBe('1.0 is here\n2.0 is here\n');
  expect(await host.ok('rollback', host.name)).toBe(`${host.name} is at 1.0-1, running\n`);
  expect(await host.ok('rollback', host.name)).toBe(`${host.name} is at 2.0-1, running\n`);
  expect(await host.ok('events')).toMatch(/upgraded {2}from=1.0-1 {2}to=2.0-1.*rolled-back/s);
});

it('answers every request during an upgrade', { timeout: 300_000 }, async () => {
  const fields =
    'Jail-Network: loopback\nJail-Listen: 8080/tcp\nJail-Filesystem: tmp /tmp\nJail-Health: tcp://:8080 interval=1s';
  const serving = (number: string) => `echo ${number} > /tmp/version; exec httpd -f -p 8080 -h /tmp`;
  await host.ok('install', await version('1.0', fields, serving('1.0')));
  await until(async () => (await host.summary())?.health === 'healthy');
  // nothing listens for the first three seconds of the new version
  const slow = await version('2.0', fields, `sleep 3; ${serving('2.0')}`);
  const upgrade = host.prodng(['upgrade', host.name, slow]);
  let isDone = false;
  void upgrade.finally(() => (isDone = true));
  const answers: string[] = [];
  while (!isDone) answers.push(await answerOfCurrent());
  expect(await upgrade).toMatchObject({ status: 0 });
  answers.push(await answerOfCurrent());
  expect(new Set(answers)).toEqual(new Set(['1.0', '2.0']));
  expect(answers.filter((one) => one === '1.0').length).toBeGreaterThan(3);
});

/** Asks the current run over its loopback. It may be replaced between the two steps: then its successor is asked. */
async function answerOfCurrent(): Promise<string> {
  const pid = await currentPid();
  const { exitCode, stdout, stderr } = await run(
    ['nsenter', `--net=/proc/${pid}/ns/net`, '--', 'curl', '-sSf', '--max-time', '9', url],
    { accept: [0, 1, 7, 22, 28, 52, 56] },
  );
  if (exitCode === 0) return stdout.trim();
  return (await currentPid()) === pid ? `run ${pid}: ${stderr}` : answerOfCurrent();
}

const url = 'http://127.0.0.1:8080/version';

async function currentPid(): Promise<number> {
  const { body } = await host.api('GET', `/v1/jails/${host.name}`);
  const { pid }: { pid: number } = JSON.parse(body);
  return pid;
}

it('keeps the old version, untouched, when the new one does not stay up', async () => {
  await host.ok('install', await version('1.0'));
  const before = await host.summary();
  const failed = await host.prodng(['upgrade', host.name, await version('2.0', '', 'exit 3')]);
  expect(failed).toMatchObject({ status: 1, stderr: expect.stringContaining('it ended with status 3') });
  expect(await host.summary()).toEqual(before);
  expect(
    readdirSync(join(host.folder, 'state/installed/jails')).filter((name) => name.length === 64),
  ).toHaveLength(1);
});

it('starts the old version again when one with volumes fails its health check', async () => {
  const health = `${volume}\nJail-Health: /bin/false interval=20s timeout=20s`;
  await host.ok('install', await version('1.0', volume));
  const failed = await host.prodng(['upgrade', '--wait', '3', host.name, await version('2.0', health)]);
  expect(failed).toMatchObject({ status: 1, stderr: expect.stringContaining('exit status 1') });
  expect(await host.summary()).toMatchObject({ version: '1.0-1', state: 'running' });
});

it('keeps volumes over upgrade and rollback', async () => {
  await host.ok('install', await version('1.0', volume, 'echo kept > /var/lib/box/file; exec sleep 1000'));
  await until(async () => (await host.ok('logs', host.name)) !== '');
  const reading = 'cat /var/lib/box/file; exec sleep 1000';
  await host.ok('upgrade', host.name, await version('2.0', volume, reading));
  expect(await host.ok('logs', host.name)).toBe('1.0 is here\n2.0 is here\nkept\n');
});

it('asks before a version gains a right', async () => {
  await host.ok('install', await version('1.0'));
  const greedy = await version('2.0', 'Jail-Capabilities: CAP_NET_RAW');
  const refused = await host.prodng(['upgrade', host.name, greedy]);
  expect(refused.status).toBe(1);
  expect(refused.stderr).toContain('2.0-1 declares more than 1.0-1:\n  Jail-Capabilities: CAP_NET_RAW');
  expect(await host.summary()).toMatchObject({ version: '1.0-1' });
  await host.ok('upgrade', '--accept', host.name, greedy);
  expect(await host.summary()).toMatchObject({ version: '2.0-1' });
});

it('keeps as many versions as it is told to, goes back to any of them, and removes the trees of the rest', {
  timeout: 600_000,
}, async () => {
  await host.ok('install', await version('1.0'));
  for (const number of ['2.0', '3.0', '4.0', '5.0'])
    await host.ok('upgrade', host.name, await version(number));
  expect(await host.json('inspect', host.name)).toMatchObject({
    versions: [{ version: '3.0-1' }, { version: '4.0-1' }, { version: '5.0-1' }],
  });
  const trees = readdirSync(join(host.folder, 'state/installed/jails')).filter((name) => name.length === 64);
  expect(trees).toHaveLength(3);

  // any of them can be gone back to, by its version or its digest
  expect(await host.ok('rollback', '--to', '3.0-1', host.name)).toBe(`${host.name} is at 3.0-1, running\n`);
  const { versions }: { versions: { sha256: string }[] } = JSON.parse(
    (await host.api('GET', `/v1/jails/${host.name}`)).body,
  );
  const body = JSON.stringify({ to: versions[1]?.sha256 });
  expect((await host.api('POST', `/v1/jails/${host.name}/rollback`, body)).status).toBe(200);
  expect(await host.summary()).toMatchObject({ version: '4.0-1', state: 'running' });
  for (const [to, why] of [
    ['2.0-1', '2.0-1 is not kept'],
    ['4.0-1', 'is at 4.0-1 already'],
  ] as const)
    expect(await host.prodng(['rollback', '--to', to, host.name])).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(`${why}\n  hint: the kept versions: 3.0-1, 4.0-1, 5.0-1`),
    });

  // held, it stays where it is, but can be rolled back
  expect(await host.ok('hold', host.name)).toBe(`${host.name} is held\n`);
  const next = await version('6.0');
  expect(await host.prodng(['upgrade', host.name, next])).toMatchObject({
    status: 2,
    stderr: `prodng: ${host.name} is held at its version\n  hint: prodng unhold ${host.name}\n`,
  });
  expect(await host.ok('rollback', host.name)).toBe(`${host.name} is at 3.0-1, running\n`);
  expect(await host.ok('unhold', host.name)).toBe(`${host.name} is not held\n`);
  expect(await host.ok('upgrade', host.name, next)).toBe(`${host.name} is at 6.0-1, running\n`);
});

it("lets an operator lower limits, and raise them as far as the host's policy says", async () => {
  await host.ok('install', await version('1.0', 'Jail-Memory: 64M\nJail-Pids: 20'));
  await host.ok('set', host.name, 'memory=32M', 'pids=10');
  await host.ok('restart', host.name);
  const limits = async () => {
    const summary = await host.summary();
    const groups = await readFile(`/proc/${String(summary?.pid)}/cgroup`, 'utf8');
    const path = /^\d+:pids:(.*)$/m.exec(groups)?.[1] ?? /^0::(.*)$/m.exec(groups)?.[1] ?? '';
    const folder = ['/sys/fs/cgroup/pids', '/sys/fs/cgroup'].find((top) =>
      existsSync(`${top}${path}/pids.max`),
    );
    return readFile(`${folder}${path}/pids.max`, 'utf8');
  };
  expect(await limits()).toBe('10\n');
  expect(await host.prodng(['set', host.name, 'pids=21'])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('pids 21 is more than the 20 that it declares'),
  });
  expect(await host.prodng(['set', host.name, 'colour=red'])).toMatchObject({ status: 2 });
  await host.endAgent('SIGTERM');
  await writeFile(join(host.folder, 'etc/agent.json'), '{"raise": {"pids": 30}}');
  await host.startAgent();
  await host.ok('set', host.name, 'pids=21');
  await host.ok('restart', host.name);
  expect(await limits()).toBe('21\n');
});
