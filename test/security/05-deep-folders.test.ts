import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AgentHost, makeAgentHost } from '../support/agent-host.ts';
import { until } from '../support/jail-host.ts';
import { longFolder, padJail } from './support/padded-jail.ts';

/** Folders within folders: no absolute path to the innermost fits into PATH_MAX. */
const depth = 20;
const part = 'd'.repeat(245);
/** A name that a tar reader still takes, and that is too long only beneath the agent's folder. */
const depthInArchive = 16;
const sleeping = { fields: 'Jail-Command: /bin/sh -c "exec sleep 1000"' };

let host: AgentHost;
let trees: string;

beforeEach(async () => {
  host = await makeAgentHost();
  trees = join(host.folder, 'state/installed/jails');
});

afterEach(async () => {
  const names = (await host.ok('ls', '--format', 'name')).split('\n').filter(Boolean);
  for (const name of names) await host.ok('rm', '--purge', name);
  await host.endAgent('SIGTERM');
  const left = await host.leftovers();
  // not by Node's rm
  execFileSync('rm', ['-rf', '--one-file-system', host.folder]);
  await host.remove();
  expect(left).toEqual([]);
});

/** Makes the deep folders in a folder, relatively, as any process can. */
const nest = `for i in ${Array.from({ length: depth }, () => 'x').join(' ')}; do mkdir ${part}; cd -P ${part} || exit 9; done`;

function deepIn(folder: string): void {
  mkdirSync(folder, { recursive: true });
  execFileSync('busybox', ['sh', '-c', nest], { cwd: folder });
}

const gone = (folder: string, what: RegExp) =>
  until(() => !existsSync(folder) || !readdirSync(folder).some((name) => what.test(name)));

describe('item 5: folders deeper than PATH_MAX', () => {
  it('are refused by name when a package brings them, and leave nothing', async () => {
    const deb = padJail(await host.jail(sleeping), (prefix) =>
      Array.from({ length: depthInArchive }, (_, level) =>
        longFolder(
          `${prefix}${Array(level + 1)
            .fill(part)
            .join('/')}/`,
        ),
      ),
    );
    await host.startAgent();
    const refused = await host.prodng(['install', deb]);
    expect(refused.status).toBe(2);
    expect(refused.stderr).toMatch(/dddd.*a path of \d+ bytes: \d+ fit beneath its folder/);
    expect(readdirSync(trees).filter((name) => !name.endsWith('.lock'))).toEqual([]);
  });

  it('do not keep other jails from being removed, nor the agent from starting', async () => {
    await host.startAgent();
    deepIn(join(trees, 'a'.repeat(64)));
    const other = await host.jail({ ...sleeping, name: `${host.name}other` });
    await host.ok('install', other);
    await host.ok('rm', `${host.name}other`);
    await gone(trees, /a{64}/);
    await host.endAgent('SIGKILL');
    deepIn(join(trees, 'b'.repeat(64)));
    await host.startAgent();
    await gone(trees, /b{64}/);
  });

  it('are removed with the volume that a jail has made them in', async () => {
    await host.startAgent();
    const command = `Jail-Command: /bin/sh -c "cd /var/lib/box; ${nest}; exec sleep 1000"`;
    await host.ok('install', await host.jail({ fields: `${command}\nJail-Filesystem: rw /var/lib/box` }));
    const volumes = join(host.folder, 'state/volumes');
    const found = () =>
      execFileSync('find', ['.', '-type', 'd', '-name', 'd*', '-printf', '.'], {
        cwd: volumes,
        encoding: 'utf8',
      });
    await until(() => found().length >= depth);
    await host.ok('rm', '--purge', host.name);
    await gone(volumes, new RegExp(host.name));
  });

  it('or whatever else cannot be removed is reported, and blocks nothing else', async () => {
    await host.startAgent();
    const stuck = join(trees, 'c'.repeat(64), 'mounted');
    mkdirSync(stuck, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'prodng-test', stuck]);
    let aside = '';
    try {
      await host.ok('install', await host.jail(sleeping));
      await host.ok('rm', host.name);
      await until(async () => (await host.ok('events')).includes('remove-failed'));
      await host.endAgent('SIGKILL');
      await host.startAgent();
      aside = join(trees, readdirSync(trees).find((name) => name.includes('c'.repeat(64))) ?? '');
    } finally {
      execFileSync('umount', [existsSync(join(aside, 'mounted')) ? join(aside, 'mounted') : stuck]);
    }
    await host.endAgent('SIGTERM');
    await host.startAgent();
    await gone(trees, /c{64}/);
  });
});
