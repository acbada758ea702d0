import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { auditSuite, makePublishing, newFolder, type Publishing } from '../publish/publishing.ts';
import { prodng, testEnvironment } from '../support/prodng.ts';

let publishing: Publishing;

beforeAll(async () => {
  publishing = await makePublishing();
  // the document makes its own
  rmSync(join(publishing.folder, 'state'), { recursive: true });
  for (const version of ['1.3-1', '1.4-1'])
    await publishing.jail('web', version, { fields: 'Jail-Network: loopback' });
});

afterAll(() => publishing.remove());

test('every command of docs/fleet.md works, in its order', { timeout: 300_000 }, async () => {
  const text = readFileSync('docs/fleet.md', 'utf8');
  const blocks = [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, body]) => body);
  expect(blocks.length).toBeGreaterThan(6);
  const storage = join(publishing.folder, 'storage.conf');
  const root = newFolder(publishing.folder, 'containers');
  writeFileSync(storage, `[storage]\ndriver = "vfs"\ngraphroot = "${root}/root"\nrunroot = "${root}/run"\n`);
  const { status, stdout, stderr } = spawnSync('bash', ['-ec', blocks.join('\n')], {
    cwd: publishing.folder,
    encoding: 'utf8',
    timeout: 280_000,
    env: await testEnvironment({
      ...publishing.env,
      PATH: `${dirname(prodng)}:${process.env.PATH}`,
      CONTAINERS_STORAGE_CONF: storage,
    }),
  });
  expect({ status, stderr }).toMatchObject({ status: 0 });
  const index = JSON.parse(readFileSync(join(publishing.folder, 'web.oci/index.json'), 'utf8'));
  expect(stdout.trimEnd().split('\n').at(-1)).toBe(index.manifests[0].digest);
  expect(auditSuite(publishing.archive, 'production')).toEqual(['web=1.3-1', 'web=1.4-1']);
});
