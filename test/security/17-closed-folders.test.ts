import { execFileSync } from 'node:child_process';
import { chmodSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type AgentHost, makeAgentHost } from '../support/agent-host.ts';
import { until } from '../support/jail-host.ts';

let host: AgentHost;

beforeEach(async () => {
  host = await makeAgentHost();
  await host.startAgent();
});

afterEach(async () => {
  for (const name of (await host.ok('ls', '--format', 'name')).split('\n').filter(Boolean))
    await host.ok('rm', '--purge', name);
  await host.endAgent('SIGTERM');
  const left = await host.leftovers();
  await host.remove();
  expect(left).toEqual([]);
});

/** What a local user says of a path. */
function asNobody(...argv: string[]): string {
  try {
    // setpriv itself keeps root's capabilities until it executes something: a shell executes the program
    const user = ['--reuid=65534', '--regid=65534', '--clear-groups', 'sh', '-c', '"$@"', 'sh'];
    execFileSync('setpriv', [...user, ...argv], { stdio: 'pipe' });
    return 'it works';
  } catch (error) {
    return String(error instanceof Error ? error.message : error);
  }
}

it('item 16: a set-uid file of real root, which a jail has made in its volume, is out of reach for local users', async () => {
  const script = 'cp /bin/busybox /var/lib/box/su; chmod 4755 /var/lib/box/su; exec sleep 1000';
  const fields = `Jail-User: root\nJail-Command: /bin/sh -c "${script}"\nJail-Filesystem: rw /var/lib/box`;
  await host.ok('install', await host.jail({ fields, links: { 'bin/cp': 'busybox' } }));
  // only the folders that are prodng's own may keep others out
  for (const folder of [host.folder, join(host.folder, 'state')]) chmodSync(folder, 0o755);
  const volumes = join(host.folder, 'state/volumes', host.name);
  const [volume = ''] = readdirSync(volumes);
  const made = join(volumes, volume, 'su');
  await until(() => ((statSync(made, { throwIfNoEntry: false })?.mode ?? 0) & 0o4000) !== 0);
  expect(statSync(made).uid).toBe(0);
  expect(asNobody('true')).toBe('it works');
  expect(asNobody(made, 'id')).toMatch(/Permission denied/);
  const tree = join(host.folder, 'state/installed/jails');
  expect(asNobody('ls', tree)).toMatch(/Permission denied/);
});
