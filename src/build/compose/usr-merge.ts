const merged = /^(?:bin|sbin|lib|lib32|lib64|libo32|libx32)(?=\/|$)/;

/**
 * Where a path lies in a root with a merged /usr (hier(7), Debian's usrmerge): `bin/sh` is `usr/bin/sh`. Packages of
 * Debian 12 still ship both forms.
 */
export function usrMerged(path: string): string {
  return merged.test(path) ? `usr/${path}` : path;
}

/** The links at the top that keep the old names working, for the folders that are there. */
export function usrMergeLinks(hasFolder: (path: string) => boolean): { path: string; target: string }[] {
  return ['bin', 'lib', 'lib32', 'lib64', 'libo32', 'libx32', 'sbin']
    .filter((name) => hasFolder(`usr/${name}`))
    .map((name) => ({ path: name, target: `usr/${name}` }));
}
