import type { TarEntry } from '../archive/entry.ts';

/** What is seen of a .deb while it streams by, beside the rootfs in it. */
export interface DebModel {
  /** Names of the ar members. */
  members: readonly string[];
  /** `xz`, `zstd`, `gz` or `none`. */
  compression: string;
  /** The control file's fields as written, for those outside of the jail's own. */
  controlFiles: ReadonlyMap<string, Buffer>;
  /** `usr/lib/prodng/jails/NAME`, as far as the package's name is known. */
  jailFolder: string;
  /** The folder under which a rootfs was found; another name than the package's is a fault. */
  foundFolder?: string;
  /** Every entry, in the order of the archive. */
  entries: readonly TarEntry[];
  /** MD5 of the regular files by their path in the .deb, hex. */
  md5: ReadonlyMap<string, string>;
  /** The time that nothing may be later than: of the jail's own folder. Seconds. */
  epoch: number;
  /** Files of the rootfs that hold the path of the package's build, by their path in the jail. */
  withBuildPath: ReadonlySet<string>;
  /** Those that hold the name of the host that prodng builds on. */
  withHostName: ReadonlySet<string>;
  /** Text of jail.lock, if there is one. */
  lockText?: string;
  /** Why the lock cannot be read. */
  lockFault?: string;
}
