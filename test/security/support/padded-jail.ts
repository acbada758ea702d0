import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { ar, end, folder, longName } from '../../archive/raw-archive.ts';

/**
 * Adds entries to the rootfs of a jail's .deb, byte for byte: dpkg-deb could not read them from any disk.
 *
 * @param entries made for a prefix that ends in a slash
 * @returns the path of the new .deb
 */
export function padJail(deb: string, entries: (prefix: string) => Buffer[]): string {
  const member = (name: string) =>
    execFileSync('ar', ['p', deb, name], { maxBuffer: 2 ** 30, encoding: 'buffer' });
  const plain = gunzipSync(member('data.tar.gz'));
  const name = execFileSync('dpkg-deb', ['--field', deb, 'Package'], { encoding: 'utf8' }).trim();
  const padded = Buffer.concat([
    withoutEnd(plain),
    ...entries(`./usr/lib/prodng/jails/${name}/rootfs/`),
    end,
  ]);
  const path = `${deb}.padded.deb`;
  const members = ar(
    ['debian-binary', '2.0\n'],
    ['control.tar.gz', member('control.tar.gz')],
    ['data.tar.gz', gzipSync(padded, { level: 1 })],
  );
  writeFileSync(path, members);
  return path;
}

/** A folder with a name of any length. */
export function longFolder(path: string): Buffer {
  return Buffer.concat([longName('L', path), folder('long/')]);
}

/** The last block that is not zero ends the last entry: none of our jails has a file that ends in zeros. */
function withoutEnd(tar: Buffer): Buffer {
  let size = tar.length;
  while (size > 0 && tar.subarray(size - 512, size).every((byte) => byte === 0)) size -= 512;
  return tar.subarray(0, size);
}
