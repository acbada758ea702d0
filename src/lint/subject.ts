import type { Paragraph } from '../control/deb822-types.ts';
import type { JailDeclaration } from '../control/jail-declaration.ts';
import type { JailPrefix } from '../control/jail-schema.ts';
import type { Diagnostic } from '../error/prodng-error.ts';
import type { Lock } from '../lock/lock.ts';
import type { DebModel } from './deb-model.ts';
import type { ControlLocator } from './locate.ts';
import type { NewerPackage } from './newer-packages.ts';
import type { Rootfs } from './rootfs.ts';

/** What a source and a .deb have in common. */
interface CommonSubject {
  /** As it was given. */
  path: string;
  /** The package's name; empty when the control file does not say. */
  name: string;
  prefix: JailPrefix;
  /** What the parsers said, each with the id of its tag as `code`. */
  diagnostics: readonly (Diagnostic & { code: string })[];
  locator: ControlLocator;
  /** The stanza with the jail's fields. */
  stanza?: Paragraph;
  /** Absent when it cannot be read. */
  declaration?: JailDeclaration;
  lock?: Lock;
  /** Packages of the lock that the archives have a newer version of; absent if it was not queried. */
  newer?: readonly NewerPackage[];
  /** The text of its override file, and where it was. */
  overrides?: { file: string; text: string };
  /** Files read. */
  files: number;
  /** Entries of archives read. */
  entries: number;
}

/** A jail source. */
export interface SourceSubject extends CommonSubject {
  kind: 'source';
  sourceStanza?: Paragraph;
  /** Names in debian/. */
  debianFiles: readonly string[];
  /** Why the lock does not belong to the source, or cannot be read. */
  lockFaults: readonly string[];
}

/** What the .debs of the locked packages say about a jail. */
export interface LockedFiles {
  /** Locked packages of which the rootfs has no file. */
  absent: ReadonlySet<string>;
  /** Names of folders in /usr/share/doc that locked packages bring under another name than their own. */
  documented: ReadonlySet<string>;
}

/** A built jail. */
export interface DebSubject extends CommonSubject {
  kind: 'deb';
  deb: DebModel;
  rootfs: Rootfs;
  /** What the .debs of its lock say; absent if they were not asked. */
  lockedFiles?: LockedFiles;
}

export type Subject = SourceSubject | DebSubject;

/** A source or .deb whose declarations could be read. */
export type DeclaredSubject = Subject & { declaration: JailDeclaration };
