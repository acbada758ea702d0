const jail = /^usr\/lib\/prodng\/jails\/[^/]+/;

/**
 * Shortens a path of a jail's .deb: `/bin/sh` is in the rootfs, `jail.lock` beside it. Paths elsewhere stay as they
 * are, without a leading slash. The jail's name is not kept, so that a renamed jail still compares.
 */
export function shownPath(path: string): string {
  const prefix = jail.exec(path)?.[0];
  if (prefix === undefined) return path;
  const rest = path.slice(prefix.length + 1);
  if (rest === '') return 'usr/lib/prodng/jails/NAME';
  if (rest === 'rootfs') return '/';
  return rest.startsWith('rootfs/') ? rest.slice('rootfs'.length) : rest;
}
