import { mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { stageMounts } from '../../src/jail/runtime/staging.ts';
import { hostFiles } from '../../src/jail/storage/host-files.ts';
import { inOwnMountNamespace } from '../../src/kernel/mount.ts';

it('item 12: a link that comes after the check of a host file is not followed', async () => {
  const folder = await mkdtemp('/var/tmp/host-files-');
  const at = (path: string) => join(folder, path);
  try {
    for (const path of ['allowed', 'secret', 'rootfs/etc']) mkdirSync(at(path), { recursive: true });
    writeFileSync(at('allowed/file'), 'allowed');
    writeFileSync(at('secret/file'), 'secret');
    writeFileSync(at('rootfs/etc/file'), '');
    const mount = { kind: 'ro', hostPath: at('allowed/file'), path: '/etc/file' } as const;
    const files = hostFiles({ filesystem: [mount] }, at('rootfs'), at('allowed'));
    const stage = () =>
      inOwnMountNamespace(() => {
        stageMounts(
          '/media',
          files.map(({ mount }) => mount),
          0,
        );
        return readFileSync('/media/host0', 'utf8');
      });
    expect(stage()).toBe('allowed');
    // who may write to a folder on the way turns it into a link, or the file itself
    renameSync(at('allowed'), at('moved'));
    symlinkSync(at('secret'), at('allowed'));
    expect(stage).toThrow(/too many symbolic links|moved or replaced/);
    await rm(at('allowed'));
    renameSync(at('moved'), at('allowed'));
    await rm(at('allowed/file'));
    symlinkSync(at('secret/file'), at('allowed/file'));
    expect(stage).toThrow(/symbolic link|moved or replaced/);
  } finally {
    await rm(folder, { recursive: true });
  }
});
