import type { TarEntry } from './entry.ts';

/** A run of entries that changes as a whole, if it changes: what one component package brings. */
export interface TarSegment {
  /** For messages: a package's name. */
  name: string;
  entries: readonly SegmentEntry[];
  /** It changes more often than its neighbours: compress it for itself, however small it is. */
  apart?: boolean;
}

export interface SegmentEntry {
  entry: TarEntry;
  /** The bytes of a regular file with `size` > 0. */
  content?: FileSlice | Buffer;
}

/** Part of a file that does not change meanwhile. */
export interface FileSlice {
  path: string;
  /** Bytes. */
  offset: number;
  /** Bytes. */
  size: number;
}
