/** A file of an archive, pinned to its bytes. A LockedPackage is one. */
export interface PinnedFile {
  name: string;
  version: string;
  architecture: string;
  poolPath: string;
  /** Bytes. */
  size: number;
  sha256: string;
  /** The name of its ReleaseIdentity. */
  archive: string;
}
