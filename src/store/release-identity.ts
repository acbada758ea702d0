/**
 * What a Debian archive says it is, in its signed Release file. A lock names archives by this and never by a
 * mirror's host: mirrors are configuration.
 */
export interface ReleaseIdentity {
  /** How a lock refers to it: the codename, with something to tell apart two archives of the same codename. */
  name: string;
  origin: string;
  label?: string;
  suite?: string;
  codename: string;
  /** The Date of the Release file as it is written there: which state of the archive this was. */
  date: string;
  components: string[];
}
