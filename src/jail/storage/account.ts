import { readFileSync, statSync } from 'node:fs';
import { ProdngError } from '../../error/prodng-error.ts';
import { resolveInRoot } from './root-path.ts';

/** A user of the jail, by the numbers it has inside. */
export interface Account {
  name: string;
  uid: number;
  gid: number;
  additionalGids: number[];
  home: string;
}

const most = 2 ** 20;
const highestId = 65_534;

/**
 * Looks a user up in the rootfs's own /etc/passwd and /etc/group, passwd(5), group(5); never in the host's.
 *
 * @throws ProdngError DEB_FORMAT when it is not there, or has ids that the jail does not have
 */
export function accountOf(rootfs: string, name: string): Account {
  const line = linesOf(rootfs, '/etc/passwd').find(([user]) => user === name);
  if (line === undefined && name === 'root')
    return { name, uid: 0, gid: 0, additionalGids: [], home: '/root' };
  if (line === undefined)
    throw new ProdngError('DEB_FORMAT', `/etc/passwd of the jail has no user ${name}`, {
      hint: 'build the jail again: prodng build makes the user that Jail-User names',
    });
  const [, , uid = '', gid = '', , home = '/'] = line;
  const groups = linesOf(rootfs, '/etc/group').filter(([, , , members = '']) =>
    members.split(',').includes(name),
  );
  const additionalGids = new Set(groups.map(([group = '', , id = '']) => idOf(id, `/etc/group: ${group}`)));
  return {
    name,
    uid: idOf(uid, `/etc/passwd: ${name}`),
    gid: idOf(gid, `/etc/passwd: ${name}`),
    additionalGids: [...additionalGids],
    home: home.startsWith('/') ? home : '/',
  };
}

function idOf(text: string, where: string): number {
  const id = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (id <= highestId) return id;
  throw new ProdngError(
    'DEB_FORMAT',
    `${where} of the jail: "${text.slice(0, 40)}" is no id from 0 to ${highestId}`,
  );
}

function linesOf(rootfs: string, file: string): string[][] {
  const { path, exists } = resolveInRoot(rootfs, file);
  if (!exists) return [];
  const { size } = statSync(path);
  if (size > most) throw new ProdngError('DEB_FORMAT', `${file} of the jail: ${size} bytes are too many`);
  return readFileSync(path, 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
}
