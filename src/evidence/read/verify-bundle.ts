import { createHash } from 'node:crypto';
import type { PublicKey } from 'openpgp';
import { inTotoType } from '../../sign/dsse.ts';
import { openEnvelope } from '../../sign/verify-envelope.ts';
import { manifestName } from '../bundle/bundle-writer.ts';
import { type ManifestLine, readManifest } from '../bundle/manifest.ts';
import { type EvidenceStatement, statementSchema } from '../bundle/statement.ts';
import { type ReadBundle, readBundle } from './read-bundle.ts';

export interface BundleFinding {
  /** In the bundle; absent when it is about the whole. */
  path?: string;
  message: string;
}

/** What a check of a bundle found. */
export interface BundleVerdict {
  sha256: string;
  files: number;
  /** Who signed it, `NAME (FINGERPRINT)`; only when that signature is valid. */
  signer?: string;
  /** What the signed statement says; absent when no signature over it is valid. */
  statement?: EvidenceStatement;
  manifest: ManifestLine[];
  /** Empty when all is as it was signed. */
  findings: BundleFinding[];
  bundle: ReadBundle;
}

/**
 * Checks a bundle without the host that made it: the signature, each file against the signed digests, the chain of the
 * manifest, and the manifest against the files.
 *
 * @param keyring whose signatures count
 * @param wanted which files' content the verdict's bundle is to hold
 * @throws ProdngError what readBundle throws, SIGNATURE when the statement is no envelope
 */
export async function verifyBundle(
  file: string,
  keyring: readonly PublicKey[],
  wanted?: (path: string) => boolean,
): Promise<BundleVerdict> {
  const bundle = await readBundle(file, wanted);
  const envelope = await openEnvelope(bundle.statement, 'statement.intoto.jsonl', keyring);
  const valid = envelope.reports.find(({ status }) => status === 'valid');
  const { lines, broken } = readManifest(bundle.manifest);
  const findings: BundleFinding[] = bundle.odd.map((path) => ({
    path,
    message: 'it is not an entry that a bundle has',
  }));
  if (valid === undefined) findings.push(...envelope.reports.map(({ message }) => ({ message })));
  if (broken !== undefined)
    findings.push({ path: manifestName, message: `line ${broken.line}: ${broken.why}` });
  const statement =
    envelope.payloadType === inTotoType ? parseStatement(envelope.payload.toString('utf8')) : undefined;
  if (statement === undefined) findings.push({ message: 'what is signed is no statement about evidence' });
  else findings.push(...compareSubjects(statement, bundle), ...compareManifest(statement, lines, bundle));
  return {
    sha256: bundle.sha256,
    files: bundle.entries.length,
    manifest: lines,
    findings,
    bundle,
    ...(valid === undefined ? {} : { signer: `${valid.signer ?? ''} (${valid.fingerprint ?? ''})` }),
    ...(valid === undefined || statement === undefined ? {} : { statement }),
  };
}

function parseStatement(text: string): EvidenceStatement | undefined {
  try {
    return statementSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function compareSubjects({ subject }: EvidenceStatement, bundle: ReadBundle): BundleFinding[] {
  const manifest = createHash('sha256').update(bundle.manifest).digest('hex');
  const found = new Map(bundle.entries.map(({ path, sha256 }) => [path, sha256]));
  found.set(manifestName, manifest);
  const findings: BundleFinding[] = [];
  for (const { name, digest } of subject) {
    const sha256 = found.get(name);
    if (sha256 === undefined) findings.push({ path: name, message: 'it was signed, and is not here' });
    else if (sha256 !== digest.sha256) findings.push({ path: name, message: 'it is not as it was signed' });
    found.delete(name);
  }
  for (const path of found.keys()) findings.push({ path, message: 'it is here, and was not signed' });
  return findings;
}

/** Both are signed: where they differ, the signer has made the bundle by other means than ours. */
function compareManifest(
  { predicate }: EvidenceStatement,
  lines: readonly ManifestLine[],
  bundle: ReadBundle,
): BundleFinding[] {
  const findings: BundleFinding[] = [];
  const files = lines.flatMap((line) => (line.kind === 'file' ? [line] : []));
  for (const [index, { path, sha256, size }] of bundle.entries.entries()) {
    const line = files[index];
    if (line?.path !== path || line.sha256 !== sha256 || line.size !== size)
      findings.push({ path, message: 'the manifest says otherwise of it' });
  }
  if (files.length > bundle.entries.length)
    findings.push({ path: manifestName, message: 'it names files that are not here' });
  const [begin] = lines;
  if (lines.at(-1)?.hash !== predicate.manifest)
    findings.push({ path: manifestName, message: 'its last line is not the signed one' });
  if (begin?.kind === 'begin' && (begin.id !== predicate.id || begin.jail !== predicate.jail))
    findings.push({ path: manifestName, message: 'it is about another collection than the statement' });
  return findings;
}
