import { execFileSync } from 'node:child_process';
import { chownSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { ordinaryUser } from '../support/ordinary-user.ts';
import { runProdng } from '../support/prodng.ts';

const scratch = mkdtempSync('/var/tmp/prodng-reproducible-');
execFileSync('chmod', ['755', scratch]);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const minutes = 60_000;

test('root and an ordinary user build identical bytes, in other folders, a minute apart', {
  timeout: 15 * minutes,
}, async () => {
  const first = join(scratch, 'first/hello');
  mkdirSync(join(scratch, 'first'));
  expect((await runProdng(['new', 'python-service', first, '--name', 'hello'])).status).toBe(0);
  const began = Date.now();
  const byRoot = await runProdng(['build', first]);
  expect(byRoot.stderr + byRoot.stdout).toMatch(/SHA-256 [0-9a-f]{64}/);

  const user = ordinaryUser(scratch);
  const second = join(user.home, 'a/rather/deep folder/hello');
  cpSync(first, second, { recursive: true });
  execFileSync('chown', ['-R', `${user.uid}:${user.uid}`, user.home]);
  const cache = '/var/cache/prodng-test/ordinary-user';
  mkdirSync(cache, { recursive: true });
  chownSync(cache, user.uid, user.uid);
  await sleep(Math.max(0, began + 61_000 - Date.now()));
  const byUser = await runProdng(['build', second, '--locked'], {
    prefix: ['sh', '-c', 'umask 077; exec "$@"', 'sh', ...user.prefix],
    env: {
      HOME: user.home,
      USER: 'developer',
      PRODNG_CACHE_DIR: cache,
      TZ: 'Pacific/Chatham',
      LC_ALL: 'C',
      DEB_BUILD_OPTIONS: 'nocheck parallel=1',
      SOURCE_DATE_EPOCH: '1',
    },
  });
  expect(byUser.stderr).not.toContain('prodng:');
  expect(byUser.status).toBe(0);

  const name = `hello_0.1.0_${process.arch === 'x64' ? 'amd64' : 'arm64'}.deb`;
  const [a, b] = [join(scratch, 'first', name), join(second, '..', name)];
  expect(statSync(b).uid).toBe(user.uid);
  expect(readFileSync(a).equals(readFileSync(b))).toBe(true);
});
