import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AgentHost, makeAgentHost } from '../support/agent-host.ts';
import { until } from '../support/jail-host.ts';
import { makeImplant } from './implanted.ts';

let host: AgentHost;
let deb: string;
let rules: string;

const script = `#!/bin/sh
echo VOLUME-marker-1 > /var/lib/box/note
/bin/implant &
exec sleep 5000
`;
const fields = 'Jail-Command: /bin/start\nJail-Filesystem: rw /var/lib/box\nJail-Network: none';

beforeAll(async () => {
  host = await makeAgentHost();
  await host.startAgent();
  const programs = { 'bin/implant': makeImplant(host.folder) };
  const files = { 'bin/start': script, 'etc/odd': 'TREE-marker-1' };
  deb = await host.jail({ fields, programs, files, whole: true });
  await host.ok('install', deb);
  await until(async () => (await host.ok('ps', host.name)).includes('[kworker] run'));
  rules = join(host.folder, 'rules');
  mkdirSync(rules);
  const rule = (name: string, text: string) => `rule ${name} { strings: $a = "${text}" condition: $a }\n`;
  writeFileSync(
    join(rules, 'files.yar'),
    rule('in_tree', 'TREE-marker-1') + rule('in_volume', 'VOLUME-marker-1'),
  );
  writeFileSync(join(rules, 'memory.yara'), rule('in_memory', 'MARKER-heap'));
});

afterAll(async () => {
  await host.ok('rm', '--purge', host.name);
  await host.endAgent('SIGTERM');
  const left = await host.leftovers();
  await host.remove();
  expect(left).toEqual([]);
});

const scan = async (...argv: string[]) => {
  const { status, stdout, stderr } = await host.prodng([
    'scan',
    ...argv,
    '--rules',
    rules,
    '--format',
    'json',
  ]);
  if (status !== 0 && status !== 1) throw new Error(stderr);
  return {
    status,
    ...(JSON.parse(stdout) as { scanned: number; matches: { rule: string; target: string }[] }),
  };
};

it('finds what is planted in files and volumes, and what is only in memory when it is asked for', async () => {
  const found = await scan(host.name);
  const start = { rule: 'in_volume', target: `${host.name}: bin/start` };
  const tree = { rule: 'in_tree', target: `${host.name}: etc/odd` };
  const volume = { rule: 'in_volume', target: `${host.name}: volume /var/lib/box: note` };
  expect(found.status).toBe(1);
  expect(new Set(found.matches)).toEqual(new Set([start, tree, volume]));
  const { matches } = await scan('--all', '--memory');
  expect(matches).toContainEqual({
    rule: 'in_memory',
    target: expect.stringMatching(/memory of \d+ at [0-9a-f]+ \(\[heap\]\)$/),
  });
  expect(await host.summary()).toMatchObject({ state: 'running', restarts: 0 });
});

it('scans a .deb without unpacking it', async () => {
  const before = readdirSync(host.folder).toSorted();
  const { matches, scanned } = await scan(deb);
  expect(matches).toContainEqual({ rule: 'in_tree', target: expect.stringMatching(/rootfs\/etc\/odd$/) });
  expect(scanned).toBeGreaterThan(5);
  expect(readdirSync(host.folder).toSorted()).toEqual(before);
  const sarif = await host.prodng(['scan', deb, '--rules', rules, '--format', 'sarif']);
  expect(JSON.parse(sarif.stdout)).toMatchObject({
    runs: [{ results: [{ ruleId: expect.any(String), level: 'error' }, {}] }],
  });
});

it('says what it cannot do: rules that are none, nothing to scan', async () => {
  writeFileSync(join(host.folder, 'bad.yar'), 'rule x {');
  expect(await host.prodng(['scan', host.name, '--rules', join(host.folder, 'bad.yar')])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('yara refuses the rules'),
  });
  expect(await host.prodng(['scan', host.name, '--rules', `${host.folder}/none`])).toMatchObject({
    status: 2,
  });
  expect(await host.prodng(['scan', '--rules', rules])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('nothing to scan'),
  });
});

it('checks a tree against its .deb: content by the sums, all else by the .deb', async () => {
  expect(await host.ok('fsck', host.name)).toMatch(/[1-9]\d* compared, 0 differences\n$/);
  expect(await host.ok('fsck', host.name, '--deb', deb)).toMatch(/[1-9]\d* compared, 0 differences\n$/);
  const trees = join(host.folder, 'state/installed/jails');
  const [tree = ''] = readdirSync(trees).filter((name) => /^[0-9a-f]{64}$/.test(name));
  const rootfs = join(trees, tree, `usr/lib/prodng/jails/${host.name}/rootfs`);
  writeFileSync(join(rootfs, 'etc/odd'), 'other');
  execFileSync('chmod', ['4755', join(rootfs, 'bin/busybox')]);
  execFileSync('ln', ['-sfn', 'start', join(rootfs, 'bin/cat')]);
  const sums = await host.prodng(['fsck', host.name]);
  expect(sums).toMatchObject({ status: 1, stdout: expect.stringContaining('etc/odd: was changed') });
  const { status, stdout } = await host.prodng(['fsck', host.name, '--deb', deb]);
  expect(status).toBe(1);
  expect(stdout).toContain('bin/busybox: mode is 4755, in the .deb 755');
  expect(stdout).toContain('bin/cat: target is start, in the .deb busybox');
  expect(stdout).toContain('etc/odd: content is');
  const other = await host.jail({ fields });
  expect(await host.prodng(['fsck', host.name, '--deb', other])).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('is not the .deb'),
  });
});
