import { controlFileFault, entryFault } from '../archive/jail-layout.ts';
import { ProdngError } from '../error/prodng-error.ts';
import { openSignedBytes, type SignedBytes } from '../sign/signed-bytes.ts';
import { type Check, type CheckId, checked, checkIds, notPossible } from './checks/check.ts';
import { checkContent } from './checks/check-content.ts';
import { type ControlFacts, checkControl } from './checks/check-control.ts';
import { checkLock } from './checks/check-lock.ts';
import { checkMd5sums } from './checks/check-md5sums.ts';
import { checkProvenance } from './checks/check-provenance.ts';
import { checkRootfs, type RootfsSources } from './checks/check-rootfs.ts';
import { checkSbom } from './checks/check-sbom.ts';
import { checkSignature, type Trust } from './checks/check-signature.ts';
import { type ContentsSink, type PackageContents, readContents } from './checks/package-contents.ts';
import { rebuildCheck, rebuildFailure } from './checks/rebuild-check.ts';
import { type RebuildOptions, type RebuildReport, rebuildDeb } from './rebuild/rebuild.ts';

export interface VerifyOptions extends RootfsSources {
  /** Absent: signatures cannot be checked. */
  trust?: Trust;
  /** The source to rebuild it from, and how. */
  rebuild?: Pick<RebuildOptions, 'variations' | 'diffoscope' | 'timeout' | 'scratch'> & { source: string };
}

/** What all checks found, in the order of checkIds. */
export interface Verification {
  file: string;
  /** SHA-256 of the file without its signatures; absent when it cannot be read. */
  unsignedSha256?: string;
  checks: Check[];
  /** When a rebuild was asked for and came to an end. */
  rebuild?: RebuildReport;
}

/** What makes a file unreadable as a .deb, rather than us unable to read it. */
const malformed = new Set([
  'AR_FORMAT',
  'TAR_FORMAT',
  'DEB_FORMAT',
  'COMPRESSION',
  'ENTRY_REFUSED',
  'ARCHIVE_TOO_LARGE',
]);

/**
 * Runs every check of a .deb; the rebuild only when its source is given. A check that cannot run says why; nothing stops the others but a
 * file that cannot be read at all.
 *
 * @throws ProdngError IO, HOST_LACKS
 */
export async function verifyDeb(path: string, options: VerifyOptions): Promise<Verification> {
  let bytes: SignedBytes;
  try {
    bytes = await openSignedBytes(path);
  } catch (error) {
    return unreadable(path, error, options);
  }
  try {
    return await verifyOpenDeb(path, bytes, options);
  } finally {
    await bytes.close();
  }
}

/**
 * As verifyDeb, of a .deb that is open.
 *
 * @param path where it is, with the evidence beside it
 * @param sink gets every byte while it is read
 */
export async function verifyOpenDeb(
  path: string,
  bytes: SignedBytes,
  options: VerifyOptions,
  sink?: ContentsSink,
): Promise<Verification> {
  let contents: PackageContents;
  try {
    contents = await readContents(bytes, sink);
  } catch (error) {
    return unreadable(path, error, options);
  }
  const control = checkControl(contents);
  const { check: lockCheck, lock, inputs = [] } = checkLock(contents, control);
  const rebuilt = await checkRebuild(path, contents, control, options);
  const layout = control.isJail ? layoutFaults(contents, control.name) : [];
  const structure = checked('structure', [...contents.faults, ...layout], `${contents.files.size} entries`);
  return {
    file: path,
    unsignedSha256: contents.unsignedSha256,
    checks: [
      structure,
      control.check,
      checkMd5sums(contents),
      await checkContent(path, contents.unsignedSha256, control),
      lockCheck,
      lock === undefined || control.declaration === undefined
        ? notPossible('rootfs', 'there is no lock and declaration to compose it by')
        : await checkRootfs(contents, lock, control.declaration, options),
      await checkSignature(bytes, options.trust),
      await checkSbom(path, contents.unsignedSha256, lock, inputs),
      await checkProvenance(path, contents, { lock, inputs, control }, options.trust),
      ...(rebuilt.check === undefined ? [] : [rebuilt.check]),
    ],
    ...(rebuilt.report === undefined ? {} : { rebuild: rebuilt.report }),
  };
}

/** What a jail's .deb has besides its own folder, which dpkg would unpack over the host's files or run. */
function layoutFaults({ controlFiles, files }: PackageContents, name: string): string[] {
  return [
    ...Array.from(controlFiles.keys(), controlFileFault),
    ...Array.from(files.values(), ({ entry }) => entryFault(name, entry)),
  ].filter((fault) => fault !== undefined);
}

async function checkRebuild(
  path: string,
  { unsignedSha256, lockText }: PackageContents,
  { name, version, architecture, isJail }: ControlFacts,
  { rebuild, ...options }: VerifyOptions,
): Promise<{ check?: Check; report?: RebuildReport }> {
  if (rebuild === undefined) return {};
  if (isJail && lockText === undefined)
    return { check: notPossible('rebuild', 'there is no lock inside to rebuild it by') };
  const what = {
    source: rebuild.source,
    name,
    version,
    architecture,
    ...(isJail && lockText !== undefined ? { lockText } : {}),
  };
  try {
    const report = await rebuildDeb(path, unsignedSha256, what, { ...options, ...rebuild });
    return { check: rebuildCheck(report), report };
  } catch (error) {
    return { check: rebuildFailure(error) };
  }
}

/** The verification of a file that is no .deb. @throws `error` when the host is at fault */
function unreadable(path: string, error: unknown, options: VerifyOptions): Verification {
  if (!(error instanceof ProdngError) || !malformed.has(error.code)) throw error;
  const others = checkIds.filter(
    (id) => id !== 'structure' && (id !== 'rebuild' || options.rebuild !== undefined),
  );
  const rest = others.map((id) => notPossible(id, 'the file cannot be read as a .deb'));
  return { file: path, checks: [checked('structure', [error.message], ''), ...rest] };
}

/**
 * The exit status: 0 when nothing failed. A verification in which no check passed proves nothing and fails.
 *
 * @param required checks that must have passed: one that was not possible fails then
 */
export function verificationStatus(checks: readonly Check[], required: readonly CheckId[] = []): 0 | 1 {
  if (checks.some(({ status }) => status === 'failed')) return 1;
  if (!checks.some(({ status }) => status === 'passed')) return 1;
  return required.every((id) => checks.some((check) => check.id === id && check.status === 'passed')) ? 0 : 1;
}
