import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ownWorkCache, runProdng as runWith, startProdng as startWith } from '../support/prodng.ts';

const scratch = mkdtempSync('/var/tmp/prodng-failures-');
const source = join(scratch, 'hello');
const timeout = 300_000;
const cache = ownWorkCache(scratch);
const runProdng = (argv: string[]) => runWith(argv, { env: { PRODNG_CACHE_DIR: cache } });
const startProdng = (argv: string[]) => startWith(argv, { env: { PRODNG_CACHE_DIR: cache } });

beforeAll(async () => {
  expect((await runProdng(['new', 'python-service', source])).status).toBe(0);
  const built = await runProdng(['build', source]);
  expect(built.stderr).not.toContain('prodng:');
  expect(built.status).toBe(0);
}, 600_000);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Lets the build run shell lines of ours in place of its tests. */
function rules(...lines: string[]): void {
  const text = [
    '#!/usr/bin/make -f',
    '%:',
    '\tdh $@',
    'override_dh_auto_test:',
    ...lines.map((line) => `\t${line}`),
    '',
  ];
  writeFileSync(join(source, 'debian/rules'), text.join('\n'), { mode: 0o755 });
}

const log = () =>
  readFileSync(join(scratch, readdirSync(scratch).find((name) => name.endsWith('.build')) ?? ''), 'utf8');
const buildMounts = () =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.split(' ')[4] === '/mnt');

test('a build that fails names the step, shows the end of the log and how to inspect the jail', {
  timeout,
}, async () => {
  rules('@echo this is why >&2; exit 3');
  const { status, stderr } = await runProdng(['build', source]);
  expect(status).toBe(1);
  expect(stderr).toContain('hello 0.1.0 does not build: dpkg-buildpackage failed');
  expect(stderr).toContain('| this is why');
  expect(stderr).toMatch(/the whole log: .*hello_0\.1\.0_\w+\.build/);
  expect(stderr).toContain('--shell-on-failure');
  expect(readdirSync(join(cache, 'work'))).toEqual([]);
});

test('a build has no network, no file of the host, and cannot make namespaces', { timeout }, async () => {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  const secret = join(scratch, 'secret');
  writeFileSync(secret, 'of the host');
  const attempts = [
    `python3 -c 'import socket; socket.create_connection(("127.0.0.1", ${port}), 3)' && echo BREACH host network`,
    `python3 -c 'import socket; socket.create_connection(("192.0.2.1", 80), 3)' && echo BREACH outside`,
    `cat ${secret} && echo BREACH host file`,
    `touch /usr/bin/breach && echo BREACH write`,
    'unshare --user true && echo BREACH namespace',
    'mount -t tmpfs none /tmp && echo BREACH mount',
    'mknod /tmp/sda b 8 0 && echo BREACH device',
    'test "$$(ls /proc | grep -c "^[0-9]")" -lt 30 || echo BREACH processes',
    'test -w /proc/sys/kernel/hostname && echo BREACH sysctl',
  ];
  rules(...attempts.map((line) => `-@${line}; true`), '@echo ATTEMPTS DONE');
  try {
    const { status, stderr } = await runProdng(['build', source]);
    expect(stderr).not.toContain('prodng:');
    expect(status).toBe(0);
    expect(log()).toContain('ATTEMPTS DONE');
    expect(log()).not.toMatch(/^BREACH/m);
  } finally {
    server.close();
  }
});

test('a build that runs on is ended at --timeout, with all it started', { timeout }, async () => {
  rules('setsid sleep 987654 & sleep 987654');
  const began = performance.now();
  const { status, stderr } = await runProdng(['build', source, '--timeout', '6s']);
  expect(status).toBe(1);
  expect(stderr).toContain('it ran past its 6 s');
  expect(performance.now() - began).toBeLessThan(60_000);
  expect(await processesWith('987654')).toEqual([]);
});

test('processes that a build leaves behind do not hold it up', { timeout }, async () => {
  rules('setsid sleep 876543 >/dev/null 2>&1 &');
  const { status, stderr } = await runProdng(['build', source]);
  expect(stderr).not.toContain('prodng:');
  expect(status).toBe(0);
  expect(await processesWith('876543')).toEqual([]);
});

test('a build that fills its disk or forks without end fails, and nothing else does', {
  timeout,
}, async () => {
  rules('head -c 400M /dev/zero >full');
  const full = await runProdng(['build', source, '--scratch', '64M']);
  expect(full.status).toBe(1);
  expect(full.stderr).toContain('No space left on device');
  rules('@for i in $$(seq 6000); do sleep 200 & done');
  const bomb = await runProdng(['build', source, '--timeout', '120s']);
  expect(bomb.status).toBe(1);
  expect(bomb.stderr).toContain('Cannot fork');
});

test('a killed build leaves no process and no mount, and the next one goes on', { timeout }, async () => {
  rules('echo REACHED; sleep 765432');
  const { child, ended } = await startProdng(['build', source]);
  for (let tries = 0; (await processesWith('765432')).length === 0; tries++) {
    expect(tries).toBeLessThan(1200);
    await sleep(100);
  }
  expect(readdirSync(join(cache, 'work')).length).toBeGreaterThan(0);
  child.kill('SIGKILL');
  expect((await ended).status).toBe(137);
  for (let tries = 0; (await processesWith('765432')).length > 0; tries++) {
    expect(tries).toBeLessThan(100);
    await sleep(50);
  }
  expect(buildMounts()).toEqual([]);
  rules('true');
  expect((await runProdng(['build', source])).status).toBe(0);
  expect(readdirSync(join(cache, 'work'))).toEqual([]);
  expect(readdirSync(scratch).filter((name) => name.startsWith('.'))).toEqual([]);
});

test('Ctrl-C ends a build in good order', { timeout }, async () => {
  rules('echo REACHED; sleep 654321');
  const { child, ended } = await startProdng(['build', source]);
  for (let tries = 0; (await processesWith('654321')).length === 0; tries++) {
    expect(tries).toBeLessThan(1200);
    await sleep(100);
  }
  child.kill('SIGINT');
  const { status, stderr } = await ended;
  expect(status).toBe(2);
  expect(stderr).toContain('prodng: interrupted');
  expect(await processesWith('654321')).toEqual([]);
  expect(readdirSync(join(cache, 'work'))).toEqual([]);
});

/** The pids of processes with an argument. */
async function processesWith(argument: string): Promise<string[]> {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(argument);
    } catch {
      return false;
    }
  });
}
