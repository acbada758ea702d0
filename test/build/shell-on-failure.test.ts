import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { prodng, runProdng, testEnvironment } from '../support/prodng.ts';

const scratch = mkdtempSync('/var/tmp/prodng-shell-');
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

test('--shell-on-failure opens a shell in the jail that failed', { timeout: 600_000 }, async () => {
  const source = join(scratch, 'hello');
  expect((await runProdng(['new', 'python-service', source])).status).toBe(0);
  const rules =
    '#!/usr/bin/make -f\n%:\n\tdh $@\noverride_dh_auto_test:\n\techo left behind >evidence; false\n';
  writeFileSync(join(source, 'debian/rules'), rules, { mode: 0o755 });
  // script(1) gives it a terminal, on which we type
  const child = spawn('script', ['-qec', `${prodng} build --shell-on-failure ${source}`, '/dev/null'], {
    env: await testEnvironment({ TERM: 'dumb', SHELL: '/bin/sh' }),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let screen = '';
  const typed: string[] = ['cat evidence; id -u; pwd; ls /home\n', 'exit\n'];
  child.stdout.on('data', (chunk: Buffer) => {
    screen += chunk.toString();
    const prompts = screen.split('build jail:').length - 1;
    if (prompts > 2 - typed.length) child.stdin.write(typed.shift() ?? '');
  });
  const status = await new Promise((resolve) => child.once('close', resolve));
  expect(screen).toContain('left behind');
  expect(screen).toMatch(/^1000\r?$/m);
  expect(screen).toMatch(/^\/build\/hello-0\.1\.0\r?$/m);
  expect(screen).toContain('dpkg-buildpackage failed');
  expect(status).toBe(1);
});
