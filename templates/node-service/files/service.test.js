// Run with: node --test

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, test } from 'node:test';

const service = spawn(process.execPath, ['service.js', '0']);
let origin;

before(async () => {
  const [line] = await once(service.stdout, 'data');
  origin = `http://127.0.0.1:${/port (\d+)/.exec(line)[1]}`;
});

after(async () => {
  service.kill('SIGTERM');
  assert.deepEqual(await once(service, 'exit'), [0, null]);
});

test('answers on known paths', async () => {
  const response = await fetch(`${origin}/healthz?from=test`);
  assert.deepEqual([response.status, await response.text()], [200, 'ok\n']);
});

test('finds no others', async () => {
  assert.equal((await fetch(`${origin}/other`)).status, 404);
});
