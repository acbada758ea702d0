import type { ChildProcess } from 'node:child_process';
import { createWriteStream, readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { request as plainRequest } from 'node:http';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { startProdng } from '../../support/prodng.ts';
import { jailAddress } from './image-world.ts';

export interface Answer {
  status: number;
  body: unknown;
}

export interface HostView {
  slots: { slot: 'a' | 'b'; running: boolean; image?: { version: string; digest: string } }[];
  trial: boolean;
  next?: 'a' | 'b';
  data: string;
  refused: string[];
}

/** A machine that `prodng image boot` runs. */
export interface Machine {
  /** ms of performance.now() at its start. */
  began: number;
  console(): string;
  /** Asks the agent over TLS, as its operators do. */
  call(method: string, path: string, body?: unknown): Promise<Answer>;
  /** Calls until the answer is what is wanted; fails with the end of the console when the machine ends. */
  until<T>(what: string, seconds: number, attempt: () => Promise<T | undefined>): Promise<T>;
  /** What the jail of the image serves; undefined while it does not. */
  page(): Promise<string | undefined>;
  /** Waits until the machine runs an image of that version from its disk, and is not on trial. */
  settled(version: string, seconds: number): Promise<HostView>;
  /** Sends an image, piece by piece, and has it armed. */
  update(slot: string, again?: boolean): Promise<Answer>;
  end(): Promise<void>;
}

/** Bytes: its base64 fits the body that the agent takes. */
const pieceSize = 512 * 1024;

/**
 * @param certificates the folder of the world's certificates
 * @param log where the console is kept
 */
export async function startMachine(
  argv: readonly string[],
  certificates: string,
  log: string,
): Promise<Machine> {
  const [port, pagePort] = [20_000 + (process.pid % 5000) * 2, 20_001 + (process.pid % 5000) * 2];
  const key = `agent.key=${join(certificates, 'agent.key')}`;
  const ports = ['--port', String(port), '--forward', `${pagePort}=${jailAddress}:8080`];
  const began = performance.now();
  const { child, ended } = await startProdng(['image', 'boot', ...argv, ...ports, '--credential', key]);
  const said = consoleOf(child, log);
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  const [ca, cert, clientKey] = ['authority.pem', 'client.pem', 'client.key'].map((name) =>
    readFileSync(join(certificates, name)),
  );

  // a handshake takes most of a second in an emulated machine
  const connections = new Agent({ keepAlive: true, maxSockets: 1 });
  const machine: Machine = {
    began,
    console: said,
    call: (method, path, body) =>
      new Promise((resolve, reject) => {
        const json = body === undefined ? undefined : JSON.stringify(body);
        const length = json === undefined ? {} : { 'content-length': Buffer.byteLength(json) };
        const headers = { host: 'localhost', 'content-type': 'application/json', ...length };
        const tls = { ca, cert, key: clientKey, servername: 'localhost', agent: connections } as const;
        const asked = request(
          {
            host: '127.0.0.1',
            port,
            method,
            path,
            // arming an update reads all of it; what waits for a restart asks again
            timeout: method === 'GET' ? 60_000 : 600_000,
            ...tls,
            headers: json ? headers : { host: 'localhost' },
          },
          (response) => {
            text(response).then((answer) => {
              resolve({
                status: response.statusCode ?? 0,
                body: answer === '' ? undefined : JSON.parse(answer),
              });
            }, reject);
          },
        );
        asked.once('timeout', () => asked.destroy(new Error('no answer in time')));
        asked.once('error', reject);
        asked.end(json);
      }),
    async until(what, seconds, attempt) {
      const end = performance.now() + seconds * 1000;
      let why = '';
      while (performance.now() < end && !isOver) {
        try {
          const found = await attempt();
          if (found !== undefined) return found;
        } catch (error) {
          why = String(error);
        }
        await sleep(300);
      }
      throw new Error(
        `${what}: not ${isOver ? 'before the machine ended' : `within ${seconds} s`}: ${why}\n${said().slice(-4000)}`,
      );
    },
    page: () =>
      new Promise((resolve) => {
        const asked = plainRequest(
          { host: '127.0.0.1', port: pagePort, agent: false, timeout: 20_000 },
          (response) => {
            text(response).then(resolve, () => resolve(undefined));
          },
        );
        asked.once('timeout', () => asked.destroy());
        asked.once('error', () => resolve(undefined));
        asked.end();
      }),
    settled: (version, seconds) =>
      machine.until(`version ${version}`, seconds, async () => {
        const { status, body } = await machine.call('GET', '/v1/host');
        if (status !== 200) throw new Error(JSON.stringify(body));
        const view = body as HostView;
        const running = view.slots.find((slot) => slot.running)?.image?.version;
        if (running === version && !view.trial && view.next === undefined) return view;
        throw new Error(JSON.stringify(view));
      }),
    async update(slot, again = false) {
      const file = await open(slot, 'r');
      try {
        const buffer = Buffer.alloc(pieceSize);
        for (let offset = 0; ; ) {
          const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
          if (bytesRead === 0) break;
          const data = buffer.subarray(0, bytesRead).toString('base64');
          const { status, body } = await machine.call('PATCH', '/v1/host/update', { offset, data });
          if (status !== 200) throw new Error(JSON.stringify(body));
          offset += bytesRead;
        }
      } finally {
        await file.close();
      }
      return await machine.call('POST', '/v1/host/update', { again });
    },
    async end() {
      connections.destroy();
      child.kill('SIGTERM');
      await ended;
    },
  };
  return machine;
}

function consoleOf(child: ChildProcess, log: string): () => string {
  const file = createWriteStream(log);
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      file.write(chunk);
      said = (said + chunk.toString('latin1')).slice(-1_000_000);
    });
  child.once('close', () => file.end());
  return () => said;
}
