import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** SHA-256 over all that is in a folder: paths, kinds, modes, contents, and where links lead. */
export function treeDigest(folder: string): string {
  const digest = createHash('sha256');
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted();
  for (const path of paths) {
    const place = join(folder, path);
    const stat = lstatSync(place);
    const content = stat.isSymbolicLink() ? readlinkSync(place) : stat.isFile() ? readFileSync(place) : '';
    const mode = stat.isSymbolicLink() ? 'link' : stat.mode.toString(8);
    digest.update(`${path}\0${mode}\0${createHash('sha256').update(content).digest('hex')}\n`);
  }
  return digest.digest('hex');
}
