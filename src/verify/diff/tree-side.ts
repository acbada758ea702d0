import type { ListedFile } from './listed-file.ts';

/** One of the two trees that are compared. */
export interface TreeSide {
  readonly path: string;
  /** `rootfs`: a plain tree, without the jail's metadata around it. */
  readonly kind: 'deb' | 'unpacked' | 'rootfs';
  /** The files of control.tar, or of DEBIAN/; by name. */
  readonly controlFiles: ReadonlyMap<string, Buffer>;
  /** Every path; see shownPath. */
  list(): Promise<ReadonlyMap<string, ListedFile>>;
  /**
   * Makes the contents of some regular files readable.
   *
   * @param files what list() gave
   * @param folder to put copies into, when there is need of them
   * @param mostBytes of all copies; what would go past it is left out
   * @returns files of the host that hold these contents, by their listed path
   */
  contents(
    files: ReadonlyMap<string, ListedFile>,
    wanted: ReadonlySet<string>,
    folder: string,
    mostBytes: number,
  ): Promise<ReadonlyMap<string, string>>;
  close(): Promise<void>;
}
