import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { connectInNetns } from '../../src/kernel/netns.ts';
import { hungListener } from '../support/hung-listener.ts';

let namespace: ChildProcess;
let listener: ChildProcess | undefined;

beforeEach(async () => {
  const script = 'ip link set lo up; echo; exec sleep 1000';
  namespace = spawn('unshare', ['--net', 'sh', '-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  if (namespace.stdout !== null) await once(namespace.stdout, 'data');
});

afterEach(() => {
  for (const child of [listener, namespace]) child?.kill('SIGKILL');
  listener = undefined;
});

const pid = () => namespace.pid ?? 0;

it('waits for a service that never accepts without blocking, and no longer than its timeout', async () => {
  listener = await hungListener(pid(), 8080);
  let turns = 0;
  const timer = setInterval(() => turns++, 10);
  await expect(connectInNetns(pid(), 8080, 500)).rejects.toMatchObject({ code: 'ETIMEDOUT' });
  clearInterval(timer);
  // blocked, it would have had none
  expect(turns).toBeGreaterThan(2);
});

it('reports at once that nothing listens', async () => {
  await expect(connectInNetns(pid(), 8080, 60_000)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

it('gives a socket of that namespace that can be read and written', async () => {
  const echo =
    'require("node:net").createServer((s) => s.pipe(s)).listen(8080, "127.0.0.1", () => console.log("on"))';
  listener = spawn('nsenter', ['--net', '--target', String(pid()), process.execPath, '-e', echo], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (listener.stdout !== null) await once(listener.stdout, 'data');
  const socket = new Socket({ fd: await connectInNetns(pid(), 8080, 5000), readable: true, writable: true });
  socket.write('there and back');
  expect(String((await once(socket, 'data'))[0])).toBe('there and back');
  socket.destroy();
});
