import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { startProdng } from '../support/prodng.ts';
import { auditSuite, contents, leftovers, makePublishing, type Publishing } from './publishing.ts';

vi.setConfig({ testTimeout: 300_000 });

let publishing: Publishing;
beforeEach(async () => {
  publishing = await makePublishing();
});
afterEach(() => publishing.remove());

/** Publishes one more version each time and is killed at another moment of it. */
it('killed at any moment, a publisher leaves the old suite or the new one, and the next one goes on', async () => {
  const { archive, env, folder, ok, jail } = publishing;
  await ok(archive, await jail('web', '1-1'));
  const begin = performance.now();
  await ok(archive, await jail('web', '2-1'));
  const whole = performance.now() - begin;
  const kills = Number(process.env.PRODNG_TEST_KILLS ?? 5);
  let published = ['web=1-1', 'web=2-1'];
  let killed = 0;
  for (let index = 1; index <= kills; index++) {
    const version = `web=${index + 2}-1`;
    const deb = await jail('web', `${index + 2}-1`);
    const { child, ended } = await startProdng(['publish', archive, deb], { cwd: folder, env });
    await sleep((whole * index) / kills);
    child.kill('SIGKILL');
    if ((await ended).status === 137) killed += 1;
    const found = auditSuite(archive, 'stable');
    const [old, fresh] = [[...published].sort(), [...published, version].sort()];
    expect([old, fresh]).toContainEqual(found);
    await ok(archive, deb);
    published = fresh;
    expect(auditSuite(archive, 'stable')).toEqual(fresh);
    expect(leftovers(archive)).toEqual([]);
  }
  // otherwise nothing was tested
  expect(killed).toBeGreaterThan(kills / 3);
  expect(contents(archive, 'stable').filter((line) => line.includes('bin/busybox '))).toHaveLength(1);
});

it('two publishers at once both publish', async () => {
  const { archive, publish, ok, jail } = publishing;
  await ok(archive, await jail('web', '1-1'));
  const [one, two] = [await jail('api', '1-1'), await jail('job', '1-1')];
  const results = await Promise.all([publish([archive, one]), publish([archive, two])]);
  expect(results).toMatchObject([{ status: 0 }, { status: 0 }]);
  expect(auditSuite(archive, 'stable')).toEqual(['api=1-1', 'job=1-1', 'web=1-1']);
});

it('a client that has an older InRelease still finds its indices and packages', async () => {
  const { archive, ok, jail } = publishing;
  await ok(archive, await jail('web', '1-1'));
  const old = readFileSync(join(archive, 'dists/stable/InRelease'), 'utf8');
  await ok(archive, await jail('web', '2-1'));
  await ok('prune', archive, '--keep', '1');
  const names = [...old.matchAll(/^ ([0-9a-f]{64}) +\d+ (\S+)\.(?:xz|gz)$/gm)];
  expect(names.length).toBe(2);
  for (const [, sha256, path = ''] of names) {
    const folder = join(archive, 'dists/stable', path, '../by-hash/SHA256');
    expect(readFileSync(join(folder, sha256 ?? '')).length).toBeGreaterThan(0);
  }
  expect(readFileSync(join(archive, 'pool/main/w/web/web_1-1_amd64.deb')).length).toBeGreaterThan(0);
  await ok('prune', archive, '--keep', '1', '--grace', '0s');
  expect(() => readFileSync(join(archive, 'pool/main/w/web/web_1-1_amd64.deb'))).toThrow('ENOENT');
  expect(auditSuite(archive, 'stable')).toEqual(['web=2-1']);
});

it('is the same bytes whatever order and in how many steps packages were published', async () => {
  const { folder, archive, publish, jail } = publishing;
  const [web, api, old] = [await jail('web', '1.10-1'), await jail('api', '1-1'), await jail('web', '1.9-1')];
  const env = { SOURCE_DATE_EPOCH: String(Math.floor(Date.now() / 1000) + 60) };
  const other = join(folder, 'other');
  for (const argv of [
    [archive, web],
    [archive, api, old],
    [other, old, web, api],
  ])
    expect(await publish(argv, { env })).toMatchObject({ status: 0 });
  for (const file of ['InRelease', 'main/binary-amd64/Packages.xz', 'main/Contents-amd64.gz'])
    expect(readFileSync(join(other, 'dists/stable', file))).toEqual(
      readFileSync(join(archive, 'dists/stable', file)),
    );
});
