import { existsSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openJailPackage } from '../../src/jail/storage/jail-package.ts';
import { unpackJail } from '../../src/jail/storage/unpacked.ts';
import { prodngPaths } from '../../src/system/paths.ts';
import { silent } from '../../src/system/progress.ts';
import { makeBusyboxJail } from '../support/busybox-jail.ts';

let folder: string;
let link: string;
let debs: { good: string; evil: string };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'open-once-'));
  link = join(folder, 'link.deb');
  const make = (which: string) => makeBusyboxJail(folder, { files: { 'etc/which': which } });
  debs = { good: await make('good'), evil: await make('evil') };
  leadTo('good');
});

afterEach(() => rm(folder, { recursive: true }));

const paths = () => prodngPaths({ PRODNG_CACHE_DIR: join(folder, 'cache'), PRODNG_STATE_DIR: folder });

function leadTo(which: 'good' | 'evil'): void {
  rmSync(`${link}.new`, { force: true });
  symlinkSync(debs[which], `${link}.new`);
  renameSync(`${link}.new`, link);
}

describe('item 9: the tree that is kept under the digest of a .deb', () => {
  it('comes from the file that was opened, wherever its name leads meanwhile', async () => {
    const jail = await openJailPackage(link, paths());
    leadTo('evil');
    const rootfs = await unpackJail(jail, paths(), silent);
    await jail.close();
    expect(readFileSync(join(rootfs, 'etc/which'), 'utf8')).toBe('good');
    expect(rootfs).toContain(jail.sha256);
  });

  it('comes from the bytes that were hashed, whatever is written to the file meanwhile', async () => {
    const jail = await openJailPackage(link, paths());
    writeFileSync(debs.good, readFileSync(debs.evil));
    await expect(unpackJail(jail, paths(), silent)).rejects.toMatchObject({
      code: 'IO',
      message: expect.stringContaining('the file changed while it was read'),
    });
    await jail.close();
    expect(existsSync(join(folder, 'cache/jails', jail.sha256))).toBe(false);
  });

  it('never holds another content, however fast a link is turned between two files', async () => {
    let isOver = false;
    const turning = (async () => {
      for (let turn = 0; !isOver; turn++) {
        leadTo(turn % 2 === 0 ? 'evil' : 'good');
        await new Promise((resolve) => setTimeout(resolve, turn % 3));
      }
    })();
    const digests = new Map<string, string>();
    for (let run = 0; run < 40; run++) {
      const own = prodngPaths({ PRODNG_CACHE_DIR: join(folder, `cache${run}`), PRODNG_STATE_DIR: folder });
      const jail = await openJailPackage(link, own);
      const which = readFileSync(join(await unpackJail(jail, own, silent), 'etc/which'), 'utf8');
      await jail.close();
      expect(digests.get(which) ?? jail.sha256).toBe(jail.sha256);
      digests.set(which, jail.sha256);
    }
    isOver = true;
    await turning;
    expect([...digests.keys()].sort()).toEqual(['evil', 'good']);
  });
});
