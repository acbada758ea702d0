import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeAttacks } from './attack.ts';
import { debOf, file, folder, hardLink, longName, rawEntry, symlink, tar } from './raw-archive.ts';
import { expectRefusal, unpack } from './refusal.ts';
import { scratchFolder } from './scratch.ts';

const scratch = scratchFolder();

const refused = 'ENTRY_REFUSED';

describeAttacks('hostile links', [
  [
    'a file through a link to outside',
    tar(symlink('a', '../outside'), file('a/victim')),
    refused,
    'a/victim: it leads through the link a',
  ],
  [
    'a file through an absolute link',
    tar(symlink('a', '/tmp'), file('a/evil')),
    refused,
    'a/evil: it leads through the link a',
  ],
  [
    'a file through a link within',
    tar(folder('d/'), symlink('a', 'd'), file('a/x')),
    refused,
    'a/x: it leads through the link a',
  ],
  [
    'a folder through a link',
    tar(symlink('a', '..'), folder('a/b/')),
    refused,
    'a/b: it leads through the link a',
  ],
  [
    'a folder in place of a link',
    tar(symlink('a', '../outside'), folder('a/')),
    refused,
    'a: duplicate path',
  ],
  ['a file in place of a link', tar(symlink('a', '../victim'), file('a')), refused, 'a: duplicate path'],
  [
    'a link in place of a folder',
    tar(folder('a/'), symlink('a', '../outside'), file('a/victim')),
    refused,
    'a: duplicate path',
  ],
  ['a file below a file', tar(file('a'), file('a/b')), refused, 'a/b: it leads through the file a'],
  [
    'a hard link to the folder above',
    tar(hardLink('a', '../victim')),
    refused,
    'a: a hard link to outside: ../victim',
  ],
  [
    'a hard link to an absolute path',
    tar(hardLink('a', '/etc/passwd')),
    refused,
    'a: a hard link to outside: /etc/passwd',
  ],
  [
    'a hard link to nothing',
    tar(hardLink('a', 'b')),
    refused,
    'a: a hard link to b, which is no file of this archive',
  ],
  ['a hard link to itself', tar(hardLink('a', 'a')), refused, 'a: a hard link to a'],
  [
    'a hard link to a symbolic link',
    tar(symlink('b', '/etc/passwd'), hardLink('a', 'b')),
    refused,
    'a: a hard link to b',
  ],
  ['a hard link to a folder', tar(folder('b/'), hardLink('a', 'b')), refused, 'a: a hard link to b'],
  [
    'a hard link through a link',
    tar(symlink('b', '../outside'), hardLink('a', 'b/victim')),
    refused,
    'a: a hard link to b/victim',
  ],
  [
    'a hard link below a link',
    tar(file('f'), symlink('b', '../outside'), hardLink('b/x', 'f')),
    refused,
    'b/x: it leads through the link b',
  ],
  [
    'a long hard link to outside',
    tar(longName('K', '../victim'), hardLink('a', 'x')),
    refused,
    'a: a hard link to outside',
  ],
  [
    'a hard link with content',
    tar(file('b'), rawEntry({ name: 'a', link: 'b', typeflag: '1', content: 'x' })),
    refused,
    'a: a hardlink with 1 bytes',
  ],
  ['a link to nowhere', tar(symlink('a', '')), refused, 'a: a link to nowhere'],
]);

describe('symbolic links, checked by their text', () => {
  const rule = { inside: 'tree', root: 'jail/rootfs' } as const;
  const inJail = (link: string): Buffer =>
    tar(folder('jail/'), folder('jail/rootfs/'), symlink('jail/rootfs/l', link));
  it.each([
    ['out of the rootfs', inJail('../../x')],
    ['out of the tree', tar(symlink('l', '../x'))],
    ['to an absolute path outside of the rootfs', tar(symlink('l', '/etc'))],
    ['out by a detour', inJail('a/b/../../../x')],
  ])('%s are refused where a rule forbids them', async (_, data) => {
    await expectRefusal(
      scratch,
      debOf(data),
      { code: 'ENTRY_REFUSED', message: /l: a symbolic link out of the tree/ },
      { links: rule },
    );
  });

  it('may be absolute within the rootfs, and climb within it', async () => {
    for (const [index, link] of ['/etc/../../etc', 'a/../b', '/'].entries()) {
      const deb = join(scratch, 'links.deb');
      writeFileSync(deb, debOf(inJail(link)));
      const target = join(scratch, `links-${index}`);
      await unpack(deb, target, { links: rule });
      expect(existsSync(join(target, 'jail/rootfs'))).toBe(true);
    }
  });
});
