import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { run } from '../../src/system/process.ts';
import { type Ended, type JailHost, makeJailHost, until } from './jail-host.ts';

export interface ApiAnswer {
  status: number;
  body: string;
  /** Whether all of the request's body was sent. */
  isSent: boolean;
}

/** An agent with folders of its own, running real jails. */
export interface AgentHost extends JailHost {
  /** The agent that runs now. */
  agent(): ChildProcess;
  /** Starts one, and waits until it answers. */
  startAgent(
    env?: Readonly<Record<string, string>>,
    netns?: number,
    prefix?: readonly string[],
  ): Promise<void>;
  /** Ends it with a signal, and waits until it is gone. */
  endAgent(signal: NodeJS.Signals): Promise<void>;
  /** Runs a verb that must work, and gives what it printed as JSON. */
  json(...argv: string[]): Promise<unknown>;
  ok(...argv: string[]): Promise<string>;
  /** One jail of `prodng ls`, without its uptime. */
  summary(name?: string): Promise<Record<string, unknown> | undefined>;
  /** Asks the API itself. */
  api(method: string, path: string, body?: string, type?: string): Promise<ApiAnswer>;
  /** The agent's standard output so far. */
  said(): string;
}

/** @param runFolder as of makeJailHost */
export async function makeAgentHost(runFolder?: string): Promise<AgentHost> {
  const host = await makeJailHost(runFolder);
  host.env.PRODNG_CONFIG_DIR = join(host.folder, 'etc');
  await mkdir(join(host.folder, 'etc'));
  let child: ChildProcess | undefined;
  let output = '';
  const socketPath = join(host.env.PRODNG_RUN_DIR ?? '', 'agent.sock');
  const api: AgentHost['api'] = (method, path, body, type = 'application/json') =>
    new Promise((resolve, reject) => {
      const headers =
        body === undefined ? {} : { 'content-type': type, 'content-length': Buffer.byteLength(body) };
      const asked = request({ socketPath, method, path, headers }, (response) => {
        // an answer may come while the body is still being sent: the agent must not be ended then
        const sent = new Promise((done) => {
          for (const event of ['finish', 'close']) asked.once(event, done);
          if (asked.writableFinished) done(true);
        });
        Promise.all([text(response), sent]).then(
          ([said]) =>
            resolve({ status: response.statusCode ?? 0, body: said, isSent: asked.writableFinished }),
          reject,
        );
      });
      asked.on('error', reject);
      asked.end(body);
    });
  const ok: AgentHost['ok'] = async (...argv) => {
    const ended: Ended = await host.prodng(argv);
    if (ended.status !== 0) throw new Error(`${argv.join(' ')}: ${ended.status}: ${ended.stderr}\n${output}`);
    return ended.stdout;
  };
  const json: AgentHost['json'] = async (...argv) => JSON.parse(await ok(...argv));
  const running = (): ChildProcess => {
    if (child === undefined) throw new Error('no agent was started');
    return child;
  };
  return {
    ...host,
    agent: running,
    async startAgent(env = {}, netns, prefix = []) {
      const started = host.start(['agent'], { env, prefix, ...(netns === undefined ? {} : { netns }) });
      child = started;
      started.stdout?.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
      started.stderr?.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
      await until(async () => {
        if (started.exitCode !== null) throw new Error(`the agent ended: ${output}`);
        try {
          return (await api('GET', '/v1/jails')).status === 200;
        } catch {
          return false;
        }
      });
    },
    async endAgent(signal) {
      const ending = running();
      if (ending.exitCode !== null || ending.signalCode !== null) return;
      const exit = once(ending, 'exit');
      ending.kill(signal);
      await exit;
    },
    json,
    ok,
    async remove() {
      // an agent that was killed leaves its counters to the next one
      const own = join(host.env.PRODNG_RUN_DIR ?? '', 'agent/bpf');
      if (readFileSync('/proc/self/mounts', 'utf8').includes(` ${own} bpf `)) await run(['umount', own]);
      await host.remove();
    },
    async summary(name = host.name) {
      const jails: unknown = await json('ls', '--json');
      if (!Array.isArray(jails)) throw new Error('no list');
      const found = jails.find((jail: Record<string, unknown>) => jail.name === name);
      if (found === undefined) return undefined;
      // it differs from one second to the next
      const { uptime: _, ...steady } = found;
      return steady;
    },
    api,
    said: () => output,
  };
}
