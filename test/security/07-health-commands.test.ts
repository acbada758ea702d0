import { readdirSync, readFileSync } from 'node:fs';
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

interface HostProcess {
  pid: string;
  parent: string | undefined;
  command: string;
  cgroup: string;
}

/** Programs of the host whose command line has this in it; a fork of one has it too, until it executes another. */
function programsWith(text: string): HostProcess[] {
  const processes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid): HostProcess[] => {
      const read = (file: string) => readFileSync(`/proc/${pid}/${file}`, 'utf8');
      try {
        const command = read('cmdline').replaceAll('\0', ' ');
        if (!command.includes(text)) return [];
        const parent = /^PPid:\s*(\d+)$/m.exec(read('status'))?.[1];
        return [{ pid, parent, command, cgroup: read('cgroup') }];
      } catch {
        return [];
      }
    });
  return processes.filter(({ parent }) => !processes.some(({ pid }) => pid === parent));
}

it('item 7: a health command that ignores SIGTERM is killed, one runs at a time, and in the limits of its jail', async () => {
  const script = `#!/bin/sh\ntrap '' TERM INT HUP\necho x >> /tmp/checks\nwhile :; do sleep 1; done\n`;
  const fields =
    'Jail-Command: /bin/sh -c "exec sleep 1000"\nJail-Filesystem: tmp /tmp size=1M\nJail-Restart: no\n' +
    'Jail-Health: /bin/check interval=1s timeout=200ms';
  await host.ok('install', await host.jail({ fields, files: { 'bin/check': script } }));
  const pid = Number((await host.summary())?.pid);
  const checks = () => readFileSync(`/proc/${pid}/root/tmp/checks`, 'utf8').length / 2;
  const most = { runtimes: 0, programs: 0 };
  await until(() => {
    const programs = programsWith('/bin/check').filter(({ command }) => !command.includes('runc'));
    const runtimes = programsWith(` exec --process `).filter(({ command }) => command.includes(host.name));
    for (const { cgroup } of programs) expect(cgroup).toContain(host.name);
    most.programs = Math.max(most.programs, programs.length);
    most.runtimes = Math.max(most.runtimes, runtimes.length);
    try {
      return checks() >= 4;
    } catch {
      return false;
    }
  });
  expect(most).toEqual({ programs: 1, runtimes: 1 });
  await until(async () => (await host.summary())?.health === 'unhealthy');
});
