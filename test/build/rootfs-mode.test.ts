import { expect, test } from 'vitest';
import { rootfsMode } from '../../src/build/compose/rootfs-mode.ts';

const root = { uid: 0, gid: 0, uname: 'root', gname: 'root' };

test.each([
  // what root owns stays as closed as it is
  ['file', 0o600, root, 0o600],
  ['file', 0o640, root, 0o640],
  ['file', 0o644, { ...root, uname: '', gname: '' }, 0o644],
  // what a group, an owner or both could read, everybody can; by name, as fpm and nfpm write them, or by number
  ['file', 0o640, { ...root, gname: 'gorgone' }, 0o644],
  ['file', 0o640, { ...root, gname: '', gid: 998 }, 0o644],
  ['file', 0o600, { ...root, uname: 'gorgone' }, 0o604],
  ['file', 0o600, { ...root, uname: '', uid: 998 }, 0o604],
  ['file', 0o750, { ...root, gname: 'gorgone' }, 0o755],
  ['directory', 0o750, { ...root, gname: 'gorgone' }, 0o755],
  ['directory', 0o750, root, 0o750],
  // dpkg takes the name before the number
  ['file', 0o640, { ...root, gid: 998 }, 0o640],
  // writing is never given on
  ['file', 0o660, { ...root, gname: 'gorgone' }, 0o664],
  ['file', 0o620, { ...root, gname: 'tty' }, 0o620],
  // set-id bits go, the sticky bit of folders stays
  ['file', 0o6755, root, 0o755],
  ['file', 0o1644, root, 0o644],
  ['directory', 0o3777, { ...root, gname: 'crontab' }, 0o1777],
] as const)('%s %o %o', (type, mode, owner, wanted) => {
  expect(rootfsMode('etc/x', { type, mode, ...owner }).toString(8)).toBe(wanted.toString(8));
});

test('password files stay unreadable, with any owner', () => {
  const shadow = { type: 'file', mode: 0o640, ...root, gname: 'shadow' } as const;
  expect(rootfsMode('etc/shadow', shadow)).toBe(0o600);
  expect(rootfsMode('etc/gshadow', shadow)).toBe(0o600);
});
