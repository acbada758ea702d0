import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AgentHost, makeAgentHost } from '../support/agent-host.ts';
import { until } from '../support/jail-host.ts';

let host: AgentHost;

beforeEach(async () => {
  host = await makeAgentHost();
  const logRate = { seconds: 5, lines: 1000, bytes: 2 ** 20 };
  writeFileSync(join(host.folder, 'etc/agent.json'), JSON.stringify({ logRate }));
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

const log = () => readFileSync(join(host.folder, `state/logs/${host.name}.log`), 'utf8');
const file = (name: string) => join(host.folder, 'run/jails', name);

function pidIn(name: string): number {
  const { bundle } = runRecord();
  return Number(readFileSync(join(bundle, name), 'utf8'));
}

function runRecord(): { bundle: string; cgroup: string } {
  const [id = ''] = readdirSync(file('')).filter((name) => statSync(file(name)).isDirectory());
  return { bundle: file(id), cgroup: `/prodng-${id}` };
}

const limit = (cgroup: string) => {
  const [v2, v1] = [`/sys/fs/cgroup${cgroup}/cpu.max`, `/sys/fs/cgroup/cpu${cgroup}/cpu.cfs_quota_us`];
  try {
    return readFileSync(v2, 'utf8').split(' ')[0];
  } catch {
    return readFileSync(v1, 'utf8').trim();
  }
};

describe('item 8: a service that prints without end', () => {
  it('is cut to the rate, and the number of suppressed lines is reported', async () => {
    const fields =
      'Jail-Command: /bin/sh -c "echo first; yes x | head -n 50000; exec sleep 1000"\nJail-Cpu: 50%';
    await host.ok('install', await host.jail({ fields, links: { 'bin/yes': 'busybox' } }));
    await until(() => /suppressed/.test(log()));
    const lines = log().trimEnd().split('\n');
    expect(lines[0]).toMatch(/stdout F first$/);
    const told = lines.flatMap((line) => /stderr F prodng: (\d+) lines suppressed/.exec(line)?.[1] ?? []);
    const kept = lines.filter((line) => line.endsWith(' stdout F x')).length;
    expect(kept).toBeGreaterThan(0);
    expect(kept).toBeLessThanOrEqual(2000);
    expect(told.length).toBeGreaterThan(0);
    await host.ok('stop', host.name);
    const all = log().trimEnd().split('\n');
    const suppressed = all.reduce(
      (sum, line) => sum + Number(/(\d+) lines suppressed/.exec(line)?.[1] ?? 0),
      0,
    );
    expect(all.filter((line) => line.endsWith(' stdout F x')).length + suppressed).toBe(50_000);
  });

  it('pays for what handles its output with the limits of its own', async () => {
    const fields = 'Jail-Command: /bin/sh -c "exec yes"\nJail-Cpu: 20%\nJail-Memory: 80M';
    await host.ok('install', await host.jail({ fields, links: { 'bin/yes': 'busybox' } }));
    const { cgroup } = runRecord();
    expect(limit(`${cgroup}-monitor`)).toBe(limit(cgroup));
    for (const name of ['conmon.pid', 'log-keeper.pid'])
      expect(readFileSync(`/proc/${pidIn(name)}/cgroup`, 'utf8')).toContain(`${cgroup}-monitor`);
  });

  it('stays attached to its log while there is no agent, and when the keeper of the log is killed', async () => {
    const script = 'i=0; while :; do i=$((i+1)); echo line $i; sleep 0.1; done';
    await host.ok('install', await host.jail({ fields: `Jail-Command: /bin/sh -c "${script}"` }));
    const last = () => Number(/.*line (\d+)\n/s.exec(log())?.[1] ?? 0);
    await until(() => last() > 3);
    await host.endAgent('SIGKILL');
    const atEnd = last();
    await until(() => last() > atEnd + 5);
    process.kill(pidIn('log-keeper.pid'), 'SIGKILL');
    await host.startAgent();
    const atStart = last();
    await until(() => last() > atStart + 5);
    expect((await host.summary())?.state).toBe('running');
  });

  it('has its last words kept', async () => {
    const fields = 'Jail-Command: /bin/sh -c "seq 1 900; echo the end; exit 3"\nJail-Restart: no';
    await host.ok('install', await host.jail({ fields }));
    await until(async () => (await host.summary())?.state === 'stopped');
    expect(log().trimEnd().split('\n')).toHaveLength(901);
    expect(log()).toMatch(/stdout F the end\n$/);
  });
});
