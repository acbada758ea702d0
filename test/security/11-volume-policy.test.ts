import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { assertVolumesAllowed, volumePolicySchema } from '../../src/agent/state/volume-policy.ts';
import { type AgentHost, makeAgentHost } from '../support/agent-host.ts';

let host: AgentHost;

const write = (volumes: object) =>
  writeFileSync(join(host.folder, 'etc/agent.json'), JSON.stringify({ volumes }));

beforeAll(async () => {
  host = await makeAgentHost();
  write({ largest: 8 * 2 ** 20, total: 12 * 2 ** 20, withoutSize: 'refuse' });
  await host.startAgent();
});

afterAll(async () => {
  await host.ok('rm', '--purge', host.name);
  await host.endAgent('SIGTERM');
  const left = await host.leftovers();
  await host.remove();
  expect(left).toEqual([]);
});

const jail = (volume: string, name = host.name) =>
  host.jail({ name, fields: `Jail-Command: /bin/sleep 1000\nJail-Filesystem: rw /var/lib/box${volume}` });

it('item 11: a volume without a size, a large one and one too many are not installed', async () => {
  const install = async (deb: string) => host.prodng(['install', deb]);
  for (const [volume, why, setting] of [
    ['', 'the volume /var/lib/box has no size', 'withoutSize'],
    [' size=9M', 'the volume /var/lib/box of 9M is larger than 8M', 'largest'],
  ] as const) {
    const { status, stderr } = await install(await jail(volume));
    expect(stderr).toContain(`${host.name}: Jail-Filesystem: ${why}`);
    expect(stderr).toContain(`volumes.${setting} in agent.json`);
    expect(status).toBe(2);
  }
  await host.ok('install', await jail(' size=8M'));
  const other = await install(await jail(' size=5M', `${host.name}b`));
  expect(other.stderr).toContain('its volumes of 5M do not fit: other jails have 8M of 12M');
  expect(other.status).toBe(2);
  expect(await host.ok('ls', '--format', 'name')).toBe(`${host.name}\n`);
});

it('item 16: the event of an exec has the digest of the whole command', async () => {
  const long = 'x'.repeat(300);
  const commands = ['hidden', 'shown'].map((end) => ['/bin/echo', long, end]);
  for (const argv of commands) await host.ok('exec', host.name, '--', ...argv);
  const events = readFileSync(join(host.folder, 'state/events.jsonl'), 'utf8')
    .split('\n')
    .filter((line) => line.includes('"kind":"exec"'))
    .map((line) => JSON.parse(line).detail);
  const shown = commands[0]?.join(' ').slice(0, 200);
  expect(events).toEqual(
    commands.map((argv) => ({
      argv: shown,
      sha256: createHash('sha256').update(JSON.stringify(argv)).digest('hex'),
    })),
  );
});

it('item 11: a stricter policy keeps an installed jail from starting, and the reason is told', async () => {
  await host.ok('stop', host.name);
  await host.endAgent('SIGTERM');
  write({ largest: 4 * 2 ** 20 });
  await host.startAgent();
  const { status, stderr } = await host.prodng(['start', host.name]);
  expect(stderr).toContain('the volume /var/lib/box of 8M is larger than 4M');
  expect(status).toBe(2);
});

it('a sum cannot be promised while volumes without a size are allowed', () => {
  expect(volumePolicySchema.safeParse({ total: 1000 }).error?.message).toContain('withoutSize');
  expect(volumePolicySchema.parse(undefined)).toEqual({ withoutSize: 'allow', reserve: true });
});

it('of versions that declare different sizes the largest counts, once', () => {
  const declares = (...sizes: number[]) =>
    sizes.map((size) => ({ filesystem: [{ kind: 'rw', path: '/data', size } as const] }));
  const policy = { total: 100, withoutSize: 'refuse' } as const;
  const fits = (size: number) => () =>
    assertVolumesAllowed(
      { name: 'a', declarations: declares(size) },
      [{ name: 'b', declarations: declares(10, 60, 20) }],
      policy,
    );
  expect(fits(40)).not.toThrow();
  expect(fits(41)).toThrow(/do not fit/);
});
