/** How to check an archive's signature: keyrings of the host, or a key written into the configuration. */
export type SignedBy = { kind: 'files'; paths: string[] } | { kind: 'inline'; armor: string };

/** One configured package archive: a mirror's URI and one suite on it. */
export interface Archive {
  /** http:, https:, file: or copy:, without a trailing slash. */
  uri: string;
  /** `bookworm`; of a flat archive the folder with its index, which ends in a slash: `./`. */
  suite: string;
  /** None for a flat archive. */
  components: string[];
  signedBy: SignedBy;
  /** False for frozen mirrors whose Release file is past its Valid-Until. */
  checkValidUntil: boolean;
  /** Where it is configured: `file:line`. */
  configuredAt: string;
}
