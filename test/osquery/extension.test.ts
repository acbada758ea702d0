import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AgentHost, makeAgentHost } from '../support/agent-host.ts';
import { until } from '../support/jail-host.ts';

let host: AgentHost;
let generated: string;

beforeAll(async () => {
  host = await makeAgentHost();
  await host.startAgent();
  const fields = 'Jail-Command: /bin/nc -l -p 7070\nJail-Memory: 64M\nJail-Network: loopback';
  await host.ok('install', await host.jail({ fields }));
  generated = join(host.folder, 'generated');
  mkdirSync(generated);
  execFileSync('thrift', ['--gen', 'py', '-out', generated, 'test/osquery/osquery.thrift']);
});

afterAll(async () => {
  await host.ok('rm', '--purge', host.name);
  await host.endAgent('SIGTERM');
  const left = await host.leftovers();
  await host.remove();
  expect(left).toEqual([]);
});

interface Answer {
  code: number;
  message: string;
  rows: Record<string, string>[];
}

/** Plays osqueryd once. */
async function ask(socket: string, calls: readonly (readonly [string, Record<string, string>])[]) {
  const argv = ['test/osquery/manager.py', socket, JSON.stringify(calls)];
  const child = spawn('/usr/bin/python3', argv, { env: { ...process.env, PYTHONPATH: generated } });
  const [said, faults] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if (said === '') throw new Error(faults);
  const { said: registration, answers } = JSON.parse(said);
  const [ping, ...rest] = answers as [number, ...Answer[]];
  return { registration, ping, answers: rest };
}

const generate = (...constraints: [string, number, string][]) => ({
  action: 'generate',
  context: JSON.stringify({
    constraints: constraints.map(([name, op, expr]) => ({ name, list: [{ op, expr }] })),
  }),
});

it("answers Apache's generated code: tables, columns, rows, constraints; and survives osqueryd", {
  timeout: 300_000,
}, async () => {
  const socket = join(host.folder, 'osquery.em');
  const extension = host.start([
    'osquery-extension',
    '--socket',
    socket,
    '--timeout',
    '3',
    '--interval',
    '3',
  ]);
  try {
    const first = await ask(socket, [
      ['prodng_jails', { action: 'columns' }],
      ['prodng_jails', generate()],
      ['prodng_processes', generate(['jail', 2, host.name])],
      ['prodng_processes', generate(['jail', 2, 'none'])],
      ['prodng_listeners', generate()],
      ['prodng_declarations', generate()],
      ['prodng_events', generate()],
      ['prodng_events', generate(['seq', 4, '2'])],
      ['prodng_nothing', generate()],
    ]);
    expect(first.ping).toBe(0);
    expect(first.registration).toMatchObject({ name: 'prodng' });
    const tables: Record<string, { name: string; type: string; op: string }[]> =
      first.registration.registry.table;
    expect(Object.keys(tables).toSorted()).toEqual(
      ['connections', 'declarations', 'events', 'jails', 'listeners', 'processes'].map(
        (name) => `prodng_${name}`,
      ),
    );
    expect(tables.prodng_jails).toContainEqual({ id: 'column', name: 'name', type: 'TEXT', op: '1' });
    expect(tables.prodng_jails).toContainEqual({ id: 'column', name: 'sha256', type: 'TEXT', op: '16' });
    const [columns, jails, processes, none, listeners, declared, events, later, unknown] = first.answers;
    expect(columns?.rows).toEqual(tables.prodng_jails);
    expect(jails?.rows).toEqual([
      expect.objectContaining({ name: host.name, state: 'running', desired: 'running' }),
    ]);
    expect(processes?.rows).toEqual([
      expect.objectContaining({ jail_pid: '1', command: '/bin/nc -l -p 7070' }),
    ]);
    expect(none).toMatchObject({ code: 0, rows: [] });
    expect(listeners?.rows).toEqual([
      expect.objectContaining({ jail: host.name, local: expect.stringMatching(/:7070$/) }),
    ]);
    expect(declared?.rows).toContainEqual({ jail: host.name, field: 'memory', value: String(64 * 2 ** 20) });
    const kinds = events?.rows.map(({ kind }) => kind) ?? [];
    expect(kinds).toEqual(expect.arrayContaining(['agent-started', 'installed', 'started']));
    expect(later?.rows).toEqual(events?.rows.slice(2));
    expect(later?.rows.length).toBeGreaterThan(0);
    expect(unknown).toMatchObject({ code: 1, message: 'no such table' });
    // the next osqueryd finds it again, and a peer that talks nonsense is cut off
    await until(() => !existsSync(`${socket}.4711`));
    execFileSync('rm', ['-f', socket]);
    const second = await ask(socket, [['prodng_jails', generate(['name', 2, host.name])]]);
    expect(second.answers[0]?.rows).toHaveLength(1);
  } finally {
    extension.kill('SIGTERM');
  }
});

it('cuts off a peer that talks nonsense, and goes on', { timeout: 200_000 }, async () => {
  const socket = join(host.folder, 'second.em');
  const extension = host.start(['osquery-extension', '--socket', socket]);
  try {
    const asking = ask(
      socket,
      Array.from({ length: 200 }, () => ['prodng_jails', generate()] as const),
    );
    await until(() => existsSync(`${socket}.4711`));
    await new Promise<void>((resolve) => {
      const peer = connect(`${socket}.4711`, () =>
        peer.write(Buffer.from([0x80, 1, 0, 1, 0x7f, 0xff, 0xff, 0xff])),
      );
      peer.once('close', () => resolve());
      peer.on('error', () => {});
    });
    expect((await asking).answers).toHaveLength(200);
  } finally {
    extension.kill('SIGTERM');
  }
});
