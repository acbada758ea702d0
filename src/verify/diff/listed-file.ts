import type { TarEntry, TarType } from '../../archive/entry.ts';

/** One path of a .deb or of a folder, with all that a difference may lie in. Times are left out on purpose. */
export interface ListedFile {
  type: Exclude<TarType, 'hardlink'>;
  /** 0 to 0o7777. */
  mode: number;
  uid: number;
  gid: number;
  /** Empty in a folder, where only the numbers are known. */
  uname: string;
  gname: string;
  /** Bytes of a regular file. */
  size: number;
  /** What a symlink leads to. */
  target: string;
  /** Of regular files: SHA-256, base64. */
  content: string;
  /** Where the content begins in the plain data.tar, in bytes; not part of any comparison. */
  offset?: number;
  /** The path, as listed, of the first name of a file with several. */
  linkedTo?: string;
}

/** A hard link of an archive, as the file that it is another name of. */
export function listedEntry(entry: Omit<TarEntry, 'mtime'>): ListedFile {
  const { type, mode, uid, gid, uname, gname, size, linkPath } = entry;
  const target = type === 'symlink' ? linkPath : '';
  return {
    type: type === 'hardlink' ? 'file' : type,
    mode,
    uid,
    gid,
    uname,
    gname,
    size,
    target,
    content: '',
  };
}

/** Names the same first path of a file with several names, whatever the order they were met in. */
export function normalizeLinks(files: ReadonlyMap<string, ListedFile>): void {
  const groups = new Map<string, string[]>();
  for (const [path, { linkedTo }] of files) {
    if (linkedTo === undefined) continue;
    const group = groups.get(linkedTo);
    if (group === undefined) groups.set(linkedTo, [linkedTo, path]);
    else group.push(path);
  }
  for (const group of groups.values()) {
    const first = group.toSorted()[0];
    for (const path of group) {
      const file = files.get(path);
      if (file === undefined || first === undefined) continue;
      if (path === first) delete file.linkedTo;
      else file.linkedTo = first;
    }
  }
}
