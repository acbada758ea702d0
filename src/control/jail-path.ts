/**
 * Why a path of a declaration is refused, or undefined when it is absolute and normalised (no `.`, `..`, `//`, no
 * slash at the end) and holds no character that the runtime's mount options or a control file could not carry.
 */
export function pathFault(path: string): string | undefined {
  if (!path.startsWith('/')) return `"${path}" is not an absolute path`;
  if (path.split('/').includes('..')) return `"${path}" leads upwards with ".."`;
  const normal = `/${path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/')}`;
  if (path !== normal) return `"${path}" is not normalised; write "${normal}"`;
  if (path.length > 4095) return 'the path is longer than 4095 bytes';
  return undefined;
}

/** Whether `path` is `folder` or lies in it; both absolute and normalised. */
export function isWithin(path: string, folder: string): boolean {
  return folder === '/' || path === folder || path.startsWith(`${folder}/`);
}
