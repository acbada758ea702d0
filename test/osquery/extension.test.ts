import { execFileSync, spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AgentHost, makeAgentHost } from '../support/agent-host.ts';
import { until } from '../support/jail-host.ts';

const locked = {
  archives: [
    {
      name: 'trixie',
      origin: 'Debian',
      codename: 'trixie',
      date: 'Sat, 03 Jan 2026 10:00:00 UTC',
      components: ['main'],
    },
  ],
  packages: (['rootfs', 'build'] as const).map((use) => ({
    name: `lib${use}`,
    version: '2.0-1',
    architecture: 'amd64',
    poolPath: `pool/main/l/lib${use}_2.0-1_amd64.deb`,
    size: 7,
    sha256: '7'.repeat(64),
    archive: 'trixie',
    use: [use],
  })),
};

let host: AgentHost;
let generated: string;

beforeAll(async () => {
  host = await makeAgentHost();
  await host.startAgent();
  // chown(2) asks for CAP_CHOWN, which is not declared
  const command = '/bin/sh -c "/bin/chown 5:5 /tmp; exec /bin/nc -l -p 7070"';
  const fields =
    `Jail-Command: ${command}\nJail-Memory: 64M\nJail-Network: loopback\n` +
    'Jail-Filesystem: tmp /tmp\nJail-Capabilities: NET_BIND_SERVICE';
  await host.ok('install', await host.jail({ fields, whole: true, locked }));
  // :7070 in hexadecimal, in either family
  const listening = ['exec', host.name, '--', '/bin/grep', '-q', ':1B9E', '/proc/net/tcp', '/proc/net/tcp6'];
  await until(async () => (await host.prodng(listening)).status === 0);
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

/** The shipped queries name tables and columns that there are. */
function expectPack(tables: Record<string, { name: string }[]>): void {
  const { queries } = JSON.parse(readFileSync('data/osquery/prodng.conf', 'utf8'));
  const texts = Object.values<{ query: string }>(queries).map(({ query }) => query);
  expect(texts.length).toBeGreaterThan(5);
  const columns = Object.entries(tables).map(([name, all]) => [name, all.map((each) => each.name)]);
  const argv = [JSON.stringify(Object.fromEntries(columns)), JSON.stringify(texts)];
  execFileSync('/usr/bin/python3', ['test/osquery/explain.py', ...argv]);
}

it("answers Apache's generated code: tables, columns, rows, constraints; and survives osqueryd", {
  timeout: 300_000,
}, async () => {
  const socket = join(host.folder, 'osquery.em');
  const found = execFileSync('find', [host.folder, '-path', '*/rootfs/etc/group'], { encoding: 'utf8' });
  const [group = ''] = found.split('\n');
  appendFileSync(group, 'intruder:x:0:\n');
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
      ['prodng_jails', generate(['name', 65, `${host.name.slice(0, -2)}%`])],
      ['prodng_jails', generate(['name', 65, 'none%'])],
      ['prodng_packages', generate()],
      ['prodng_files_changed', generate(['jail', 2, host.name])],
      ['prodng_image', generate()],
      ['prodng_capabilities', generate()],
      ['prodng_findings', generate()],
    ]);
    expect(first.ping).toBe(0);
    expect(first.registration).toMatchObject({ name: 'prodng' });
    const tables: Record<string, { name: string; type: string; op: string }[]> =
      first.registration.registry.table;
    expect(Object.keys(tables).toSorted()).toEqual(
      [
        'capabilities',
        'connections',
        'declarations',
        'events',
        'files_changed',
        'findings',
        'image',
        'jails',
        'listeners',
        'packages',
        'processes',
      ].map((name) => `prodng_${name}`),
    );
    expect(tables.prodng_jails).toContainEqual({ id: 'column', name: 'name', type: 'TEXT', op: '1' });
    expect(tables.prodng_jails).toContainEqual({ id: 'column', name: 'sha256', type: 'TEXT', op: '16' });
    const [columns, jails, processes, none, listeners, declared, events, later, unknown, ...more] =
      first.answers;
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
    const [like, unlike, packages, changed, image, capabilities, findings] = more;
    expect(like?.rows).toEqual(jails?.rows);
    expect(unlike).toMatchObject({ code: 0, rows: [] });
    expect(packages?.rows).toEqual([
      {
        jail: host.name,
        name: 'librootfs',
        version: '2.0-1',
        architecture: 'amd64',
        source: 'librootfs',
        sha256: '7'.repeat(64),
      },
    ]);
    expect(changed?.rows).toEqual([
      expect.objectContaining({ jail: host.name, path: 'etc/group', change: 'changed' }),
    ]);
    // this host runs no base image
    expect(image).toMatchObject({ code: 0, rows: [] });
    expect(capabilities?.rows).toContainEqual(
      expect.objectContaining({ capability: 'CAP_CHOWN', declared: '0', used: '0', denied: '1', lost: '0' }),
    );
    expect(capabilities?.rows).toContainEqual(
      expect.objectContaining({ capability: 'CAP_NET_BIND_SERVICE', declared: '1', used: '0' }),
    );
    const audit = await host.prodng(['audit', host.name, '--json', '--fail-on', 'never']);
    const [{ findings: expected }] = JSON.parse(audit.stdout);
    expect(findings?.rows.map(({ tag, message }) => ({ tag, message }))).toEqual(
      expected.map(({ tag, message }: { tag: string; message: string }) => ({ tag, message })),
    );
    expect(expected).not.toEqual([]);
    expectPack(tables);
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
