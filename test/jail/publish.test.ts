import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { publishPort } from '../../src/jail/network/publish.ts';

const service = `
require('node:http').createServer((_, response) => response.end('from inside'))
  .listen(8080, '127.0.0.1', () => process.stdout.write('ready'));
`;

let jail: ChildProcess;

beforeEach(async () => {
  const script = 'ip link set lo up && exec "$0" -e "$1"';
  jail = spawn('unshare', ['--net', 'sh', '-c', script, process.execPath, service], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (jail.stdout === null) throw new Error('no standard output');
  await once(jail.stdout, 'data');
});

afterEach(async () => {
  jail.kill('SIGKILL');
  await once(jail, 'exit');
});

const pidOf = (child: ChildProcess): number => child.pid ?? 0;

test('the host reaches a port that only the jail can see, many times over', async () => {
  const published = await publishPort(pidOf(jail), 0, 8080);
  try {
    const answers = await Promise.all(
      Array.from({ length: 20 }, async () =>
        (await fetch(`http://127.0.0.1:${published.hostPort}/`, { headers: { connection: 'close' } })).text(),
      ),
    );
    expect(new Set(answers)).toEqual(new Set(['from inside']));
  } finally {
    await published.close();
  }
});

test('a port without a listener in the jail resets the connection, and the forwarder keeps running', async () => {
  const published = await publishPort(pidOf(jail), 0, 8081);
  try {
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(fetch(`http://127.0.0.1:${published.hostPort}/`)).rejects.toThrow('fetch failed');
    }
  } finally {
    await published.close();
  }
});

test('a port of the host that is taken is refused by name', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const address = other.address();
  const taken = typeof address === 'object' && address !== null ? address.port : 0;
  await expect(publishPort(pidOf(jail), taken, 8080)).rejects.toThrow(`port ${taken} of 127.0.0.1`);
  other.close();
});
