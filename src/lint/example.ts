/** A file of an example; a string is the content of a regular file of mode 0644. */
export type ExampleFile = string | ExampleEntry;

export interface ExampleEntry {
  type?: 'file' | 'directory' | 'symlink' | 'hardlink' | 'character' | 'block' | 'fifo';
  content?: string;
  /** Bytes as hex instead of text. */
  hex?: string;
  /** A small ELF file with these properties instead of content. */
  elf?: ExampleElf;
  mode?: number;
  /** Where a link leads. */
  target?: string;
  uid?: number;
  uname?: string;
  /** Seconds after the jail's SOURCE_DATE_EPOCH. */
  later?: number;
}

/** What a small ELF file of an example says; amd64, dynamic, unless told otherwise. */
export interface ExampleElf {
  machine?: number;
  needed?: readonly string[];
  soname?: string;
  rpath?: string;
  runpath?: string;
  interpreter?: string;
  executableStack?: true;
  writableCode?: true;
  textRelocations?: true;
  /** Functions it takes from libraries. */
  imports?: readonly string[];
  /** JSON of an ELF note for libraries that are opened at run time. */
  dlopen?: string;
}

/**
 * What an example changes of a small jail in which nothing is wrong. It is written as a source, as a .deb, or both,
 * as what it changes demands.
 */
export interface Example {
  /** Lines for the jail's stanza; a field that is there already is replaced, an empty one removed. */
  control?: string;
  /** Files of the source, relative to it; null removes one. */
  source?: Readonly<Record<string, string | null>>;
  /** Files of the rootfs, relative to it; null removes one. */
  rootfs?: Readonly<Record<string, ExampleFile | null>>;
  deb?: ExampleDeb;
  /** A site's rules, as in a policy file. */
  policy?: object;
  /** What a record of a run has beside one execve(2), see src/observe/profile.ts. */
  profile?: object;
  /** A version of libc6 that an archive has by now; the security archive unless told otherwise. */
  archive?: { libc6: string; from?: string };
}

export interface ExampleDeb {
  /** Lines for the control file. */
  control?: string;
  /** Files beside the control file; null removes one. */
  controlFiles?: Readonly<Record<string, string | null>>;
  /** Entries by their path in the .deb; null removes one. */
  entries?: Readonly<Record<string, ExampleFile | null>>;
  /** Changes the order of the entries. */
  order?: 'reversed' | 'swapped';
  /** An entry that is in the .deb twice. */
  twice?: string;
  /** As the members of a .deb call it. */
  compression?: 'gz' | 'xz' | 'none';
}
