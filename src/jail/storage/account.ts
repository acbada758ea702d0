import { readFileSync, statSync } from 'node:fs';
import { isRootByAnotherName, passwdLine } from '../../control/passwd.ts';
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
 * @throws ProdngError DEB_FORMAT when it is not there, is root by another name, or has ids that the jail does not have
 */
export function accountOf(rootfs: string, name: string): Account {
  return findAccount(name, textOf(rootfs, '/etc/passwd'), textOf(rootfs, '/etc/group'));
}

/**
 * Looks a user up in the texts of a rootfs's /etc/passwd and /etc/group.
 *
 * @throws ProdngError DEB_FORMAT as accountOf does
 */
export function findAccount(name: string, passwd: string, group: string): Account {
  refuseOtherRoot(passwd, name);
  const line = passwdLine(passwd, name);
  if (line === undefined && name === 'root')
    return { name, uid: 0, gid: 0, additionalGids: [], home: '/root' };
  if (line === undefined)
    throw new ProdngError('DEB_FORMAT', `/etc/passwd of the jail has no user ${name}`, {
      hint: 'build the jail again: prodng build makes the user that Jail-User names',
    });
  const [, , uid = '', gid = '', , home = '/'] = line;
  const groups = group
    .split('\n')
    .map((entry) => entry.split(':'))
    .filter(([, , , members = '']) => members.split(',').includes(name));
  const additionalGids = new Set(groups.map(([one = '', , id = '']) => idOf(id, `/etc/group: ${one}`)));
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

/**
 * Refuses a rootfs whose passwd(5) gives uid 0 to a user that is not called root.
 *
 * @throws ProdngError DEB_FORMAT
 */
export function assertNamedRoot(rootfs: string, user: string): void {
  refuseOtherRoot(textOf(rootfs, '/etc/passwd'), user);
}

function refuseOtherRoot(passwd: string, user: string): void {
  if (!isRootByAnotherName(passwd, user)) return;
  throw new ProdngError(
    'DEB_FORMAT',
    `/etc/passwd of the jail: ${user} has uid 0, which only root may have`,
    {
      hint: 'declare Jail-User: root, or give the user an id of its own',
    },
  );
}

/** Empty when there is no such file. */
function textOf(rootfs: string, file: string): string {
  const { path, exists } = resolveInRoot(rootfs, file);
  if (!exists) return '';
  const { size } = statSync(path);
  if (size > most) throw new ProdngError('DEB_FORMAT', `${file} of the jail: ${size} bytes are too many`);
  return readFileSync(path, 'utf8');
}
