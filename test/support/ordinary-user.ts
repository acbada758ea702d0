import { chownSync, cpSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** A developer's account with subordinate ids, that exists in mount namespaces of its own only. */
export interface OrdinaryUser {
  uid: number;
  home: string;
  /** What to put before a command to run it as that user. */
  prefix: string[];
}

const uid = 4242;
const name = 'developer';

/**
 * Makes an account without touching the host's: the files that define it are seen by its own processes alone.
 *
 * @param folder for its home and files; anybody may pass through it
 */
export function ordinaryUser(folder: string): OrdinaryUser {
  const home = join(folder, 'home');
  const etc = join(folder, 'etc');
  mkdirSync(home, { recursive: true });
  mkdirSync(etc, { recursive: true });
  chownSync(home, uid, uid);
  cpSync('/etc', etc, { recursive: true, verbatimSymlinks: true });
  const add = (file: string, line: string) =>
    writeFileSync(join(etc, file), readFileSync(`/etc/${file}`, 'utf8') + line);
  add('passwd', `${name}:x:${uid}:${uid}::${home}:/bin/sh\n`);
  add('group', `${name}:x:${uid}:\n`);
  writeFileSync(join(etc, 'subuid'), `${name}:300000:65536\n`);
  writeFileSync(join(etc, 'subgid'), `${name}:300000:65536\n`);
  const checkout = resolve('.');
  const own = join(folder, 'checkout');
  mkdirSync(own);
  // a checkout in root's home is brought where everybody may pass
  const script = `mount --bind "$1" /etc; id=$2 closed=$3 checkout=$4 own=$5; shift 5
if test -n "$closed"; then
  mount --bind "$checkout" "$own"; mount -t tmpfs -o mode=0755 none "$closed"
  (umask 022; mkdir -p "$checkout"); mount --bind "$own" "$checkout"
fi
exec setpriv --reuid "$id" --regid "$id" --clear-groups -- "$@"`;
  const rest = [etc, String(uid), closedAbove(checkout) ?? '', checkout, own];
  return { uid, home, prefix: ['unshare', '--mount', 'sh', '-euc', script, 'sh', ...rest] };
}

/** The topmost folder on the way to a path that only its owner may pass through. */
function closedAbove(path: string): string | undefined {
  const parent = dirname(path);
  if (parent === path) return undefined;
  return closedAbove(parent) ?? ((statSync(parent).mode & 0o001) === 0 ? parent : undefined);
}
