import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { makeAgentHost } from '../support/agent-host.ts';
import { until } from '../support/jail-host.ts';
import { makeUplink } from '../support/uplink.ts';

it('keeps a jail whose uplink is gone, and has one that fails meanwhile back once the uplink is', async () => {
  const host = await makeAgentHost();
  const uplink = await makeUplink();
  const ip = (...argv: string[]) =>
    execFileSync('nsenter', ['--net', '--target', String(uplink.host), 'ip', ...argv]);
  const state = async () => JSON.parse((await host.api('GET', '/v1/jails')).body)[0];
  try {
    await host.startAgent({}, uplink.host);
    const fields =
      'Jail-Command: /bin/httpd -f -p 8080 -h /etc\nJail-Network: macvlan\nJail-Listen: 8080/tcp\n' +
      'Jail-Restart: always backoff=100ms\nJail-Health: http://:8080/passwd interval=1s timeout=1s';
    await host.ok('install', '--no-start', await host.jail({ fields }));
    await host.ok('set', host.name, 'uplink=uplink0', 'address=192.0.2.10/24');
    await host.ok('start', host.name);
    await until(async () => (await state()).health === 'healthy');
    const { pid } = await state();
    ip('link', 'delete', 'uplink0');
    expect(await state()).toMatchObject({ state: 'running', pid });
    // a restart that cannot succeed is refused before anything is stopped
    const refused = await host.prodng(['restart', host.name]);
    expect(refused).toMatchObject({ status: 2, stderr: expect.stringContaining('no interface uplink0') });
    expect(await state()).toMatchObject({ state: 'running', pid });
    // where it ends by itself, the agent goes on trying
    process.kill(pid, 'SIGKILL');
    await until(async () => (await state()).state === 'waiting' && (await state()).fault !== undefined);
    expect((await state()).fault).toContain('uplink0');
    ip(
      'link',
      'add',
      'name',
      'uplink0',
      'type',
      'veth',
      'peer',
      'name',
      'port1',
      'netns',
      String(uplink.router),
    );
    ip('link', 'set', 'uplink0', 'up');
    await until(async () => (await state()).health === 'healthy');
    await host.ok('rm', '--purge', host.name);
    await host.endAgent('SIGTERM');
    expect(await host.leftovers()).toEqual([]);
  } finally {
    await host.endAgent('SIGKILL');
    await host.remove();
    await uplink.remove();
  }
});
