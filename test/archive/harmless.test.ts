import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  base256,
  debOf,
  file,
  folder,
  hardLink,
  longName,
  pax,
  rawEntry,
  seal,
  symlink,
  tar,
} from './raw-archive.ts';
import { unpack } from './refusal.ts';
import { scratchFolder } from './scratch.ts';

const scratch = scratchFolder();

/** What the attacks differ from: if this were refused too, the tests above would prove nothing. */
describe('the harmless neighbours of these attacks', () => {
  it.each([
    ['a hard link to a file before it', tar(file('b'), hardLink('a', './b'))],
    ['a dangling symbolic link', tar(symlink('a', '../outside/victim'))],
    ['a PAX header with a plain path and the true size', tar(pax(['path', 'a'], ['size', '4']), file('x'))],
    ['a folder that comes after what is in it', tar(file('a/b'), folder('a/'))],
    ['a size in base 256', tar(rawEntry({ name: 'x', content: 'evil', sizeField: base256(4n) }))],
    [
      'a long name that the header cuts within a character',
      tar(longName('L', `${'b'.repeat(99)}é`), patchedName(file('b'.repeat(99)), 99, 0xc3)),
    ],
    ['a long name', tar(longName('L', `a/${'b'.repeat(200)}`), file('x'))],
    ['zeros after the end', Buffer.concat([tar(file('x')), Buffer.alloc(9216)])],
  ])('are taken: %s', async (what, data) => {
    const deb = join(scratch, 'harmless.deb');
    writeFileSync(deb, debOf(data));
    const target = join(scratch, what.replaceAll(' ', '-'));
    await unpack(deb, target);
    expect(existsSync(target)).toBe(true);
  });

  it('set-id files where they are allowed', async () => {
    const deb = join(scratch, 'setid.deb');
    writeFileSync(deb, debOf(tar(rawEntry({ name: 'su', mode: '0004755' }))));
    await unpack(deb, join(scratch, 'setid'), { allowSetid: true });
    expect(existsSync(join(scratch, 'setid/su'))).toBe(true);
  });
});

/** Puts one byte into the name of an entry's header. */
function patchedName(entry: Buffer, offset: number, byte: number): Buffer {
  entry[offset] = byte;
  return seal(entry);
}
