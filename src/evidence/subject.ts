import type { JailDeclaration } from '../control/jail-declaration.ts';
import type { RunRecord } from '../jail/lifecycle/jail-slot.ts';

/** A file of the host that belongs into a bundle as it is. */
export interface HostFile {
  /** In the bundle. */
  path: string;
  /** On the host. */
  file: string;
  artifact: string;
}

/** A volume, where it lies on the host. */
export interface SubjectVolume {
  /** As the jail sees it. */
  path: string;
  /** A folder, or the image of a file system. */
  place: string;
  image: boolean;
}

/** All that a collection needs to know of a jail. */
export interface EvidenceSubject {
  name: string;
  version: string;
  /** SHA-256 of its .deb. */
  deb: string;
  /** The control stanza of its .deb. */
  control: string;
  declaration: JailDeclaration;
  /** Its run, when its first process lives. */
  run?: RunRecord & { pid: number };
  /** Where its tree lies on the host. */
  rootfs: string;
  /** The .deb's md5sums, deb-md5sums(5), and what the paths in it begin with for files of the rootfs. */
  md5sums: { file: string; prefix: string };
  volumes: readonly SubjectVolume[];
  /** Log, state, overrides and the like. */
  files: readonly HostFile[];
  /** The event log of the host. */
  events: string;
  /** A folder for notes that do not outlive a reboot. */
  notes: string;
}
