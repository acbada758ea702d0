import { packagesFor } from '../../../lock/lock.ts';
import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'lock-mismatch',
  family: 'reproducible',
  severity: 'error',
  certainty: 'likely',
  reads: 'deb',
  summary: 'the lock and the rootfs name different packages',
  explanation:
    'Packages of Debian have a folder in /usr/share/doc with their copyright file, which no pruning ' +
    'removes: one of a package that the lock does not name was added after locking. A locked package is missing when ' +
    'its .deb is in the store and the rootfs has none of its files; `prodng verify` fetches all and compares each file.',
  fix: 'Build it again with `prodng build`, and review what changed.',
  references: ['Policy 12.5'],
  triggers: { rootfs: { 'usr/share/doc/libevil1/copyright': 'x\n' } },
  clean: {},
  check,
};

/** What the composition leaves out although something depends on it. */
const leftOut = new Set('apt apt-utils aptitude debconf debconf-i18n dpkg ucf adduser passwd'.split(' '));

function* check({ deb, rootfs, lock, name, lockedFiles }: DebSubject): Iterable<Found> {
  if (lock === undefined) return;
  const locked = new Set(packagesFor(lock, 'rootfs').map((item) => item.name));
  const file = `${deb.jailFolder}/jail.lock`;
  for (const { path, type } of rootfs.children('/usr/share/doc')) {
    const own = path.slice('/usr/share/doc/'.length);
    if (type !== 'directory' || rootfs.nodes.get(`${path}/copyright`)?.type !== 'file') continue;
    if (own === name || locked.has(own) || lockedFiles?.documented.has(own)) continue;
    yield { message: `${own} is in the rootfs and not in the lock`, context: own, file };
  }
  for (const own of lockedFiles?.absent ?? []) {
    if (leftOut.has(own)) continue;
    yield { message: `${own} is in the lock and not in the rootfs`, context: own, file };
  }
}
