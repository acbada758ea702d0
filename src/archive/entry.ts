/** What an entry of a tar archive is. Sparse files and multi-volume parts are not supported anywhere. */
export type TarType = 'file' | 'directory' | 'symlink' | 'hardlink' | 'character' | 'block' | 'fifo';

/** One entry of a tar archive, its names already made safe to compare. */
export interface TarEntry {
  /** Relative and normalised: no leading `./`, no `..`, no trailing `/`. `.` is the root. */
  path: string;
  type: TarType;
  /** Permission bits with set-id and sticky bits: 0 to 0o7777. */
  mode: number;
  uid: number;
  gid: number;
  /** May be empty: then the numeric owner counts. */
  uname: string;
  gname: string;
  /** Seconds since 1970, whole. */
  mtime: number;
  /** Bytes of content; 0 unless `type` is `file`. */
  size: number;
  /** Empty unless a link. A symlink's text, unchanged; a hard link's target normalised as `path` is. */
  linkPath: string;
}

/** An entry while an archive is read: the content is there until the next entry is asked for. */
export interface TarItem {
  entry: TarEntry;
  /** Where the content begins in the plain tar, in bytes. */
  contentOffset: number;
  /** What was not read of it is skipped. */
  content: AsyncIterable<Uint8Array>;
}

/** How much an archive may ask of us. Whatever goes past a limit is refused before it is buffered. */
export interface TarLimits {
  /** Headers in all, those that only carry a long name included. */
  headers: number;
  /** Bytes of the whole plain archive. */
  totalBytes: number;
  /** Bytes of one name, one link target and one PAX header. */
  nameBytes: number;
  /** Bytes of all names and link targets together: a reader that lists an archive keeps them in memory. */
  allNameBytes: number;
}

/** PATH_MAX bounds what the kernel would take as a name; the rest is far above any Debian package. */
export const defaultTarLimits: TarLimits = {
  headers: 500_000,
  totalBytes: 32 * 2 ** 30,
  nameBytes: 4096,
  allNameBytes: 32 * 2 ** 20,
};
