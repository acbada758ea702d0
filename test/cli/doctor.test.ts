import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ordinaryUser } from '../support/ordinary-user.ts';
import { runProdng } from '../support/prodng.ts';

const scratch = mkdtempSync('/var/tmp/prodng-doctor-');
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

test('on a host that has it all: exit 0 and nothing lacking', { timeout: 120_000 }, async () => {
  const { status, stdout } = await runProdng(['doctor']);
  expect(stdout).not.toContain('LACKS');
  expect(stdout).toContain('has    mmdebstrap: mmdebstrap');
  expect(stdout).toMatch(/prodng observe:\n {2}has {4}BPF: counts in the kernel, capabilities /);
  expect(status).toBe(0);
});

test('a kernel without types cannot be observed, and doctor says so', { timeout: 120_000 }, async () => {
  const hide = 'mount -t tmpfs none /sys/kernel/btf; exec "$@"';
  const prefix = ['unshare', '--mount', 'sh', '-euc', hide, 'sh'];
  const { status, stdout } = await runProdng(['doctor'], { prefix });
  expect(stdout).toMatch(/LACKS {2}BPF: .*\n +without it: jails run without observation.*\n +fix: /);
  expect(status).toBe(1);
});

test('each lack comes with its consequences and its fix', { timeout: 120_000 }, async () => {
  // a host with the programs of essential packages and node, and archives nobody can use
  const sources = join(scratch, 'wrong.sources');
  writeFileSync(sources, 'Types: deb\nURIs: gopher://example.org/debian\nSuites: x\nComponents: main\n');
  const hide = 'mount --bind /dev/null /usr/bin/mmdebstrap; exec "$@"';
  const options = {
    prefix: ['unshare', '--mount', 'sh', '-euc', hide, 'sh'],
    env: { PRODNG_SOURCES: sources },
  };
  const { status, stdout } = await runProdng(['doctor', '--json'], options);
  expect(status).toBe(1);
  const checks = (JSON.parse(stdout) as { checks: { name: string; ok: boolean; fix?: string }[] }[]).flatMap(
    (group) => group.checks,
  );
  const lacking = checks.filter(({ ok }) => !ok);
  expect(lacking).toEqual([
    expect.objectContaining({
      name: 'mmdebstrap',
      costs: 'prodng build',
      fix: 'apt-get install mmdebstrap',
    }),
    expect.objectContaining({
      name: 'package archives',
      fix: expect.stringContaining('archives.sources') as unknown,
    }),
  ]);
});

test('an ordinary user can build; running is reported to require root', { timeout: 120_000 }, async () => {
  const folder = mkdtempSync('/var/tmp/prodng-doctor-user-');
  try {
    const user = ordinaryUser(folder);
    const { prefix, home } = user;
    const { stdout } = await runProdng(['doctor'], {
      prefix: ['sh', '-c', `chmod 755 ${folder}; exec "$@"`, 'sh', ...prefix],
      env: { HOME: home, PRODNG_CACHE_DIR: join(home, 'cache') },
    });
    expect(stdout).toContain('has    user namespace with 65,536 ids');
    expect(stdout).toContain('has    overlay in a user namespace');
    expect(stdout).toMatch(/LACKS {2}root/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
