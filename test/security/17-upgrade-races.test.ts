import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type AgentHost, makeAgentHost } from '../support/agent-host.ts';
import { until } from '../support/jail-host.ts';

// Issue 11, item 17: operations that meet in the middle of an upgrade.

let host: AgentHost;

beforeEach(async () => {
  host = await makeAgentHost();
  await host.startAgent();
});

afterEach(async () => {
  const names = (await host.ok('ls', '--format', 'name')).split('\n').filter(Boolean);
  for (const name of names) await host.ok('rm', '--purge', name);
  expect(await host.ok('events', '--verify')).toContain('chain intact');
  await host.endAgent('SIGTERM');
  const left = await host.leftovers();
  await host.remove();
  expect(left).toEqual([]);
});

/** A version that says its name, by which its tree differs. */
const version = (number: string) =>
  host.jail({
    fields: `Jail-Command: /bin/sh -c "echo ${number}; exec sleep 1000"\nJail-Filesystem: rw /var/lib/box`,
    control: (text) => text.replace('Version: 1.0-1', `Version: ${number}-1`),
  });

const trees = () =>
  readdirSync(join(host.folder, 'state/installed/jails')).filter((name) => /^[0-9a-f]{64}$/.test(name));

it('two upgrades at once go one after the other, and one of the versions runs', async () => {
  const [first, second, third] = [await version('1.0'), await version('2.0'), await version('3.0')];
  await host.ok('install', first);
  const ended = await Promise.all([second, third].map((deb) => host.prodng(['upgrade', host.name, deb])));
  expect(ended.map(({ status }) => status)).toEqual([0, 0]);
  const { version: runs, state } = (await host.summary()) ?? {};
  expect(state).toBe('running');
  // the one that came last runs, and each of the three has its tree
  expect(['2.0-1', '3.0-1']).toContain(runs);
  expect(trees()).toHaveLength(3);
  expect((await host.ok('logs', host.name)).split('\n').filter(Boolean).at(-1)).toBe(
    String(runs).slice(0, 3),
  );
});

it('a removal in the middle of an upgrade leaves nothing of either version', async () => {
  const [first, second] = [await version('1.0'), await version('2.0')];
  await host.ok('install', first);
  const upgrade = host.prodng(['upgrade', host.name, second]);
  await until(() => trees().length > 1);
  const [upgraded, removed] = await Promise.all([upgrade, host.prodng(['rm', '--purge', host.name])]);
  expect(removed.status).toBe(0);
  // it was done before the removal, or found that there is nothing to upgrade any more
  expect([0, 2]).toContain(upgraded.status);
  expect(await host.summary()).toBeUndefined();
  await until(() => trees().length === 0);
});
