import { readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AgentHost, makeAgentHost } from '../support/agent-host.ts';

let host: AgentHost;
let deb = '';
let one = '';
let two = '';

const fields =
  'Jail-Command: /bin/sleep 4711\nJail-Memory: 64M\nJail-Filesystem: rw /var/lib/box size=4M\nJail-Network: loopback';

beforeAll(async () => {
  host = await makeAgentHost();
  await host.startAgent();
  deb = await host.jail({ fields });
  [one, two] = [`${host.name}@1`, `${host.name}@2`];
  await host.ok('install', '--name', one, deb);
  await host.ok('install', '--name', two, deb);
}, 120_000);

afterAll(async () => {
  await host.ok('rm', '--purge', ...(await host.ok('ls', '--format', 'name')).trim().split('\n'));
  await host.endAgent('SIGTERM');
  const left = await host.leftovers();
  await host.remove();
  expect(left).toEqual([]);
}, 120_000);

/** The first id of the host that the jail's 0 is, by the kernel's word. */
async function firstId(name: string): Promise<number> {
  const pid = String((await host.summary(name))?.pid);
  const [inside, outside, count] = (await readFile(`/proc/${pid}/uid_map`, 'utf8'))
    .trim()
    .split(/\s+/)
    .map(Number);
  expect([inside, count]).toEqual([0, 65_536]);
  expect(await readFile(`/proc/${pid}/gid_map`, 'utf8')).toBe(await readFile(`/proc/${pid}/uid_map`, 'utf8'));
  return outside ?? 0;
}

it('gives each jail ids of its own, which are never given to another while its volumes are there', async () => {
  const recorded = async () =>
    JSON.parse(await readFile(join(host.folder, 'state/uid-ranges.json'), 'utf8')) as Record<string, number>;
  const [first, second] = [await firstId(one), await firstId(two)];
  expect(Math.abs(first - second)).toBeGreaterThanOrEqual(65_536);
  expect(await recorded()).toMatchObject({ [one]: first, [two]: second });
  await host.ok('rm', one);
  const three = `${host.name}@3`;
  await host.ok('install', '--name', three, deb);
  expect([first, second]).not.toContain(await firstId(three));
  await host.ok('install', '--name', one, deb);
  expect(await firstId(one)).toBe(first);
}, 120_000);

it('shows a jail nothing of its neighbour: no process, key, socket, file or namespace', async () => {
  const look =
    'cat /proc/*/cmdline | tr "\\0" "\\n" | grep -c "^/bin/sleep"; cat /proc/net/unix | wc -l; ls /proc/keys; df';
  const seen = await host.prodng(['exec', two, '--', '/bin/sh', '-c', `${look} 2>/dev/null`]);
  // its own service, and of sockets only the title
  expect(seen.stdout.split('\n').slice(0, 2)).toEqual(['1', '1']);
  expect(seen.stdout).not.toContain(host.folder);
  const pids = await Promise.all([one, two].map(async (name) => String((await host.summary(name))?.pid)));
  for (const kind of ['user', 'mnt', 'pid', 'net', 'ipc', 'uts', 'cgroup']) {
    const [a, b, ours] = await Promise.all(
      [...pids, 'self'].map((pid) => readlink(`/proc/${pid}/ns/${kind}`)),
    );
    expect(new Set([a, b, ours]).size, kind).toBe(3);
  }
});

it('has instances share one unpacked tree that none of them can write to', async () => {
  const pids = await Promise.all([one, two].map(async (name) => String((await host.summary(name))?.pid)));
  const roots = await Promise.all(
    pids.map(async (pid) => {
      const line = (await readFile(`/proc/${pid}/mountinfo`, 'utf8'))
        .split('\n')
        .find((text) => text.split(' ')[4] === '/');
      expect(line?.split(' ')[5]).toMatch(/^ro\b/);
      return line?.split(' ')[3];
    }),
  );
  expect(roots[0]).toBe(roots[1]);
  expect(roots[0]).toContain('/installed/jails/');
});
