import type { TarEntry } from '../../archive/entry.ts';

/** One package that goes into a rootfs: the plain tar of its files and what is in it. */
export interface Component {
  /** The package's name. */
  name: string;
  version: string;
  /** The plain data.tar. */
  tar: string;
  entries: readonly ComponentEntry[];
  /** What the package's Replaces says; asked for only when two packages have the same file. */
  replaces: () => Promise<string>;
}

/** An entry, and where its content is in the plain tar, in bytes. */
export interface ComponentEntry extends TarEntry {
  offset: number;
}
