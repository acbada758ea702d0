import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { unpackVersion } from '../../src/agent/packages/installed.ts';
import { agentPaths } from '../../src/agent/state/agent-paths.ts';
import { verifyDeb } from '../../src/verify/verify.ts';
import { makeDeb, type SmallDeb } from '../verify/small-debs.ts';

const scratch = mkdtempSync('/var/tmp/prodng-layout-');
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const folders = { cache: join(scratch, 'cache'), state: join(scratch, 'state'), run: join(scratch, 'run') };
const paths = agentPaths(folders, {});
// an agent makes it when it starts
mkdirSync(paths.jail.cache, { recursive: true });
const passwd = 'root:x:0:0::/root:/bin/false\njail:x:999:999::/:/bin/false\nwww-data:x:0:33::/:/bin/false\n';

/** A jail with these additions; each is another .deb. */
function jail(deb: SmallDeb): string {
  return makeDeb(scratch, { files: { 'etc/passwd': passwd }, ...deb });
}

async function install(deb: string): Promise<string> {
  return (await unpackVersion(deb, paths, async () => {})).name;
}

function treesLeft(): string[] {
  return readdirSync(join(paths.jail.cache, 'jails')).filter((name) => !name.endsWith('.lock'));
}

const additions: readonly [string, SmallDeb, string][] = [
  ['a postinst', { control: { postinst: '#!/bin/sh\nexit 0\n' } }, 'control.tar: postinst'],
  ['a prerm', { control: { prerm: '#!/bin/sh\nexit 0\n' } }, 'control.tar: prerm'],
  ['triggers', { control: { triggers: 'interest-noawait /usr/bin\n' } }, 'control.tar: triggers'],
  ['a cron job', { outside: { 'etc/cron.d/x': '* * * * * root true\n' } }, 'etc'],
  ['a file in /usr', { outside: { 'usr/bin/x': '#!/bin/sh\n' } }, 'usr/bin'],
  [
    'a file of another jail',
    { outside: { 'usr/lib/prodng/jails/smaller/jail.lock': '' } },
    'usr/lib/prodng/jails/smaller',
  ],
  [
    'a file beside the rootfs',
    { outside: { 'usr/lib/prodng/jails/small/x': '' } },
    'usr/lib/prodng/jails/small/x',
  ],
];

describe('item 14: a jail .deb with anything beside its own folder', () => {
  it('is neither verified nor installed, while one without is both', async () => {
    const deb = jail({ lock: '' });
    const { checks } = await verifyDeb(deb, { paths: folders, archives: [] });
    expect(checks.find(({ id }) => id === 'structure')).toMatchObject({ status: 'passed' });
    expect(await install(deb)).toBe('small');
    rmSync(join(paths.jail.cache, 'jails'), { recursive: true });
  });

  it.each(additions)('%s: is a structure fault', async (_, addition, path) => {
    const { checks } = await verifyDeb(jail(addition), { paths: folders, archives: [] });
    const structure = checks.find(({ id }) => id === 'structure');
    expect(structure).toMatchObject({ status: 'failed' });
    expect(structure?.findings?.join('\n')).toContain(`${path}: `);
  });

  it.each(additions)('%s: is refused at admission, and leaves no tree', async (_, addition, path) => {
    await expect(install(jail(addition))).rejects.toMatchObject({
      code: 'ENTRY_REFUSED',
      message: expect.stringContaining(`${path}: `),
    });
    expect(treesLeft()).toEqual([]);
  });
});

describe('item 13: a user with uid 0 that is not called root', () => {
  it('is refused at admission, and leaves no tree', async () => {
    await expect(install(jail({ fields: 'Jail-User: www-data\n' }))).rejects.toMatchObject({
      code: 'DEB_FORMAT',
      message: '/etc/passwd of the jail: www-data has uid 0, which only root may have',
    });
    expect(treesLeft()).toEqual([]);
  });

  it('does not hinder a jail whose user is another', async () => {
    expect(await install(jail({ fields: 'Jail-User: root\n' }))).toBe('small');
    expect(await install(jail({ fields: 'Jail-User: jail\n' }))).toBe('small');
  });
});
