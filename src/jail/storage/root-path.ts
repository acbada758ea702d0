import { lstatSync, mkdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf, ProdngError } from '../../error/prodng-error.ts';

/** As path_resolution(7) allows. */
const mostLinks = 40;

export interface RootPath {
  /** The place on the host, without a link on the way. */
  path: string;
  exists: boolean;
}

/**
 * Finds where a path of a jail lies on the host: links are followed as a process in the jail would follow them, so
 * that none leads out of `root`. The tree must not be writable by anybody else meanwhile.
 *
 * @param make makes the folders that are missing, mode 0755, owned by root
 * @throws ProdngError DEB_FORMAT for a loop of links, or a way through something that is no folder
 */
export function resolveInRoot(root: string, path: string, make = false): RootPath {
  const at: string[] = [];
  const rest = path.split('/');
  let links = 0;
  let exists = true;
  for (let part = rest.shift(); part !== undefined; part = rest.shift()) {
    if (part === '' || part === '.') continue;
    if (part === '..') {
      at.pop();
      continue;
    }
    const here = join(root, ...at, part);
    const stat = exists ? lstatOf(here, path) : undefined;
    if (stat?.isSymbolicLink() === true) {
      if (++links > mostLinks) throw new ProdngError('DEB_FORMAT', `${path}: too many symbolic links`);
      const target = readlinkSync(here);
      if (target.startsWith('/')) at.length = 0;
      rest.unshift(...target.split('/'));
      continue;
    }
    if (stat === undefined && make) mkdirSync(here, { mode: 0o755 });
    else if (stat === undefined) exists = false;
    at.push(part);
  }
  return { path: join(root, ...at), exists };
}

function lstatOf(here: string, path: string) {
  try {
    return lstatSync(here);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    if (errnoOf(error) === 'ENOTDIR')
      throw new ProdngError('DEB_FORMAT', `${path}: something on the way is no folder in the rootfs`);
    throw error;
  }
}
