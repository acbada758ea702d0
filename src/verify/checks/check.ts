/** What a check found. A check that could not run is no pass. */
export interface Check {
  id: CheckId;
  status: 'passed' | 'failed' | 'not-possible';
  /** A sentence: what was found, or why it could not be. */
  message: string;
  /** The single findings of a failure. */
  findings?: string[];
}

/** In the order in which they are reported. */
export const checkIds = [
  'structure',
  'control',
  'md5sums',
  'content',
  'lock',
  'rootfs',
  'signature',
  'sbom',
  'provenance',
  'rebuild',
] as const;

export type CheckId = (typeof checkIds)[number];

/** What each check asks. */
export const checkTitles: Readonly<Record<CheckId, string>> = {
  structure: 'ar and tar are well-formed, with no unexpected data',
  control: 'control names a jail by the schema, and nothing runs when it is installed',
  md5sums: 'every file has the MD5 that md5sums names, and none is missing there',
  content: 'the unsigned bytes have the SHA-256 that the .buildinfo names',
  lock: 'the lock inside is well-formed and fits the control file',
  rootfs: 'the files of every locked package are those of its .deb',
  signature: 'it is signed by whom it must be',
  sbom: 'the SBOM names the packages of the lock and these bytes',
  provenance: 'the provenance is about these bytes, this lock and these packages',
  rebuild: 'a rebuild from source under variation gives the same bytes',
};

const mostFindings = 20;

export function passed(id: CheckId, message: string): Check {
  return { id, status: 'passed', message };
}

/** A failure when there are findings, else a pass. */
export function checked(id: CheckId, findings: readonly string[], message: string): Check {
  const [first] = findings;
  if (first === undefined) return passed(id, message);
  const shown = findings.slice(0, mostFindings);
  const more = findings.length - shown.length;
  return {
    id,
    status: 'failed',
    message: findings.length === 1 ? first : `${findings.length} faults`,
    findings: more === 0 ? shown : [...shown, `${more} more`],
  };
}

export function notPossible(id: CheckId, reason: string): Check {
  return { id, status: 'not-possible', message: reason };
}
