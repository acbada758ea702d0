import { isRootByAnotherName } from '../../control/passwd.ts';
import { ProdngError } from '../../error/prodng-error.ts';

/** The uid and gid of the declared user; root is always 0. */
export const jailUserId = 1000;

/**
 * /etc/passwd and /etc/group of a rootfs, passwd(5): root, nobody and the declared user, whom nobody can log in as.
 *
 * @param user `Jail-User`
 */
export function accountFiles(user: string): { passwd: string; group: string } {
  const own = user !== 'root' && user !== 'nobody';
  const passwd = [
    'root:x:0:0:root:/root:/usr/sbin/nologin',
    'nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin',
  ];
  const group = ['root:x:0:', 'nogroup:x:65534:'];
  if (own) {
    passwd.push(`${user}:x:${jailUserId}:${jailUserId}:${user}:/nonexistent:/usr/sbin/nologin`);
    group.push(`${user}:x:${jailUserId}:`);
  }
  return { passwd: `${passwd.join('\n')}\n`, group: `${group.join('\n')}\n` };
}

/**
 * The passwd(5) or group(5) of an installed root with the declared user in it; every other file as it is. The user
 * that a package made is kept as it made it.
 *
 * @param path relative
 * @throws ProdngError COMPOSE when a package made it with uid 0
 */
export function withAccount(path: string, content: Buffer, user: string): Buffer {
  if (path !== 'etc/passwd' && path !== 'etc/group') return content;
  const text = content.toString('utf8');
  if (path === 'etc/passwd' && isRootByAnotherName(text, user))
    throw new ProdngError('COMPOSE', `/etc/passwd: ${user} has uid 0, which only root may have`, {
      hint: 'declare XB-Jail-User: root, or another user',
    });
  if (text.split('\n').some((line) => line.startsWith(`${user}:`))) return content;
  const id = freeId(text);
  const line = path === 'etc/passwd' ? `${id}:${user}:/nonexistent:/usr/sbin/nologin` : '';
  return Buffer.from(`${text}${user}:x:${id}:${line}\n`);
}

/** Scripts make users of the system, below 1000; a package that takes 1000 is not unheard of. */
function freeId(text: string): number {
  const taken = new Set(text.split('\n').map((line) => Number(line.split(':')[2])));
  let id = jailUserId;
  while (taken.has(id)) id += 1;
  return id;
}
