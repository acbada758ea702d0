import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { runProdng, startProdng } from '../support/prodng.ts';

const scratch = mkdtempSync('/var/tmp/prodng-services-');
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const folders = { PRODNG_STATE_DIR: join(scratch, 'state'), PRODNG_RUN_DIR: join(scratch, 'run') };
const architecture = execFileSync('dpkg', ['--print-architecture']).toString().trim();

/** What a jail of that name could leave behind on a host, where other tests run jails at the same time. */
function hostState(name: string): Record<string, string> {
  const ours = (text: string, word: string) =>
    text
      .split('\n')
      .filter((line) => line.includes(word))
      .join('\n');
  return {
    mounts: ours(readFileSync('/proc/self/mountinfo', 'utf8'), scratch),
    loops: ours(execFileSync('losetup', ['--list', '--noheadings']).toString(), scratch),
    groups: ours(
      execFileSync('find', ['/sys/fs/cgroup', '-type', 'd', '-path', '*prodng*']).toString(),
      name,
    ),
  };
}

interface Service {
  template: string;
  name: string;
  port: number;
  set?: string[];
  /** The strictest lint that its .deb passes: what fills Debian's own packages is not ours to mend. */
  strict: 'pedantic' | 'info' | 'warning';
  /** What is sent, and what the answer must begin with. */
  talk: (port: number) => Promise<string>;
  answer: string;
}

const services: Service[] = [
  {
    template: 'python-service',
    name: 'snake',
    port: 8080,
    strict: 'info',
    talk: get,
    answer: 'Hello from snake',
  },
  {
    template: 'c-service',
    name: 'classic',
    port: 8080,
    strict: 'pedantic',
    talk: get,
    answer: 'Hello from classic',
  },
  {
    template: 'debian-service',
    name: 'cache',
    port: 6379,
    strict: 'warning',
    set: ['package=redis-server', 'command=/usr/bin/redis-server --port 6379 --dir /var/lib/redis'],
    talk: (port) => exchange(port, 'SET greeting hello\r\nGET greeting\r\n', 'hello\r\n'),
    answer: '+OK\r\n$5\r\nhello\r\n',
  },
];

for (const [index, { template, name, port, strict, set = [], talk, answer }] of services.entries()) {
  test(`${template}: from the template to an answer from inside its jail`, { timeout: 900_000 }, async () => {
    const source = join(scratch, name);
    const made = await runProdng(['new', template, source, ...set.flatMap((value) => ['--set', value])]);
    expect(made.stderr).not.toContain('prodng:');
    const built = await runProdng(['build', source]);
    expect(built.stderr).not.toContain('prodng:');
    const deb = join(scratch, `${name}_0.1.0_${architecture}.deb`);
    for (const [judged, failOn] of [
      [source, 'pedantic'],
      [deb, strict],
    ] as const) {
      const lint = await runProdng(['lint', '--fail-on', failOn, judged]);
      expect({ judged, ...lint }).toMatchObject({ status: 0 });
    }

    const hostPort = 21_080 + index;
    const argv = ['run', '--publish', `${hostPort}:${port}`, deb];
    const { child, ended } = await startProdng(argv, { env: folders });
    try {
      expect(await patiently(() => talk(hostPort))).toContain(answer);
    } finally {
      child.kill('SIGTERM');
    }
    const { status, stderr } = await ended;
    expect({ status, stderr }).toMatchObject({ status: 0 });
    expect(hostState(name)).toEqual({ mounts: '', loops: '', groups: '' });
    expect(
      readdirSync(folders.PRODNG_RUN_DIR, { recursive: true }).filter((path) =>
        String(path).endsWith('.json'),
      ),
    ).toEqual([]);
  });
}

/** A service needs a moment to come up. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (tries > 300) throw error;
      await sleep(200);
    }
  }
}

async function get(port: number): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/`);
  if (!response.ok) throw new Error(`status ${response.status}`);
  return await response.text();
}

function exchange(port: number, text: string, end: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.endsWith(end)) socket.destroy();
    });
    socket.on('error', reject);
    socket.on('close', () => (said.endsWith(end) ? resolve(said) : reject(new Error(`only: ${said}`))));
  });
}
