import { mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseDeb822 } from '../../src/control/deb822.ts';
import { parseJailDeclaration } from '../../src/control/jail-schema.ts';
import { stageMounts } from '../../src/jail/runtime/staging.ts';
import { hostFiles } from '../../src/jail/storage/host-files.ts';
import { configurationFiles } from '../../src/jail/storage/operator-files.ts';
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

it('nor is one that comes in the place of a configuration file that the operator gives', async () => {
  const folder = await mkdtemp('/var/tmp/configuration-');
  const at = (path: string) => join(folder, path);
  try {
    for (const path of ['given', 'rootfs/etc']) mkdirSync(at(path), { recursive: true });
    for (const path of ['given/file', 'secret', 'rootfs/etc/file']) writeFileSync(at(path), path);
    const text = 'Jail-Format: 1\nJail-Command: /bin/true\nJail-Configuration: /etc/file\n';
    const [stanza] = parseDeb822(text, 'control');
    const declaration = stanza && parseJailDeclaration(stanza, 'control', 'Jail-').declaration;
    if (declaration === undefined) throw new Error('no declaration');
    const [file] = configurationFiles(declaration, { '/etc/file': at('given/file') }, at('rootfs'));
    if (file === undefined) throw new Error('no file');
    const stage = () =>
      inOwnMountNamespace(() => {
        stageMounts('/media', [file.mount], 0);
        return readFileSync(`/media/${file.bind.source}`, 'utf8');
      });
    expect(stage()).toBe('given/file');
    await rm(at('given/file'));
    symlinkSync(at('secret'), at('given/file'));
    expect(stage).toThrow(/Jail-Configuration: .*(?:symbolic link|moved or replaced)/);
  } finally {
    await rm(folder, { recursive: true });
  }
});
