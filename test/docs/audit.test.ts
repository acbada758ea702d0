import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { plainEnvironment, run } from '../../src/system/process.ts';
import { makeAgentHost } from '../support/agent-host.ts';
import { program } from '../support/jail-host.ts';

test('every command of docs/audit.md works, in its order, on jails of those names', {
  timeout: 600_000,
}, async () => {
  const host = await makeAgentHost();
  try {
    const text = readFileSync('docs/audit.md', 'utf8');
    const blocks = [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language, body = '']) => ({
      language,
      body,
    }));
    const commands = blocks.flatMap(({ language, body }) =>
      language === 'sh' ? body.trim().split('\n') : [],
    );
    expect(commands.length).toBeGreaterThan(8);
    const fields =
      'Jail-Network: loopback\nJail-Command: /bin/sh -c "exec /bin/ls /"\nJail-Capabilities: CHOWN';
    const deb = await host.jail({ name: 'hello', fields });
    renameSync(deb, join(host.folder, 'hello_0.1.0_amd64.deb'));
    await host.startAgent();
    const web = 'Jail-Network: loopback\nJail-Command: /bin/sleep 5000';
    await host.ok('install', await host.jail({ name: 'web', fields: web }));
    writeFileSync(
      join(host.folder, 'strict.policy'),
      blocks.find(({ language }) => language === '')?.body ?? '',
    );
    const source = join(host.folder, 'hello');
    expect((await host.prodng(['new', 'python-service', source])).status).toBe(0);
    // as a shell in that folder would run them
    for (const command of commands.map((each) => each.replace('8080:8080', '0:8080'))) {
      const line = `prodng() { '${process.execPath}' '${program}' "$@"; }; ${command}`;
      const { exitCode: status, stderr } = await run(['sh', '-c', line], {
        cwd: host.folder,
        env: { ...plainEnvironment, ...host.env },
        accept: [0, 1],
      });
      expect(`${command}: ${status}`, stderr).toMatch(
        /audit |lint |policy test /.test(command) ? /: [01]$/ : /: 0$/,
      );
    }
    const control = readFileSync(join(source, 'debian/control'), 'utf8');
    expect(control).toMatch(/^# observed: \d+ used of \d+ allowed, and what runc needs\nXB-Jail-Syscalls:/m);
    expect(readFileSync(join(host.folder, 'audit.html'), 'utf8')).toContain(
      'CAP_CHOWN is declared and was never used',
    );
    await host.ok('rm', '--purge', 'web');
  } finally {
    await host.endAgent('SIGTERM');
    await host.remove();
  }
});
