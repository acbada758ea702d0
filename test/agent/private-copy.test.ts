import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { unpackVersion } from '../../src/agent/packages/installed.ts';
import { type AgentPaths, agentPaths } from '../../src/agent/state/agent-paths.ts';
import { makeBusyboxJail } from '../support/busybox-jail.ts';

let folder: string;
let paths: AgentPaths;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'private-copy-'));
  const at = (name: string) => join(folder, name);
  paths = agentPaths({ cache: at('cache'), state: at('state'), run: at('run') }, {});
  // an agent makes it when it starts
  mkdirSync(paths.jail.cache, { recursive: true });
});

afterEach(() => rm(folder, { recursive: true }));

it('unpacks what was admitted, whoever puts something else in its place meanwhile', async () => {
  const good = await makeBusyboxJail(folder, { files: { 'etc/which': 'good' } });
  const evil = await makeBusyboxJail(folder, { files: { 'etc/which': 'evil' } });
  const original = readFileSync(good);
  const { installed } = await unpackVersion(good, paths, async (admitted) => {
    // whoever owns the folder can do that, and whoever owns the file can write to it
    copyFileSync(evil, good);
    await rename(evil, good);
    expect(readFileSync(admitted).equals(original)).toBe(true);
  });
  const tree = join(paths.jail.cache, 'jails', installed.sha256, 'usr/lib/prodng/jails/boxed/rootfs');
  expect(readFileSync(join(tree, 'etc/which'), 'utf8')).toBe('good');
  expect(readdirSync(join(paths.jail.cache, 'incoming'))).toEqual([]);
});

it('does not wait for a fifo, and names the original in its errors', async () => {
  const fifo = join(folder, 'fifo.deb');
  execFileSync('mkfifo', [fifo]);
  await expect(unpackVersion(fifo, paths, async () => {})).rejects.toMatchObject({
    code: 'IO',
    message: `${fifo}: not a regular file`,
  });
  await expect(unpackVersion('/etc/passwd', paths, async () => {})).rejects.toMatchObject({
    code: 'AR_FORMAT',
    message: expect.stringMatching(/^\/etc\/passwd: /),
  });
  await expect(unpackVersion(join(folder, 'none'), paths, async () => {})).rejects.toMatchObject({
    code: 'IO',
  });
});
