/** What one collection may cost. */
export interface EvidenceLimits {
  /** Bytes of all files before compression. */
  bytes: number;
  /** Bytes of one file; what is longer is cut off and said to be. Memory is not cut by it. */
  fileBytes: number;
  /** Files and folders that are listed of one tree. */
  treeEntries: number;
  /** ms for which the jail may be frozen. */
  frozen: number;
  /** ms in all. */
  total: number;
}

export const defaultLimits: EvidenceLimits = {
  bytes: 8 * 2 ** 30,
  fileBytes: 64 * 2 ** 20,
  treeEntries: 500_000,
  frozen: 60_000,
  total: 600_000,
};
