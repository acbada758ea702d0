import { createHash } from 'node:crypto';
import { ProdngError } from '../../error/prodng-error.ts';
import type { Lock } from '../../lock/lock.ts';
import type { LockedInput } from '../../lock/locked-input.ts';
import { openEnvelope } from '../../sign/verify-envelope.ts';
import { besideDeb, readBeside } from './beside.ts';
import { type Check, checked, notPossible } from './check.ts';
import type { ControlFacts } from './check-control.ts';
import type { Trust } from './check-signature.ts';
import type { PackageContents } from './package-contents.ts';

/**
 * Compares the provenance beside a .deb with its unsigned bytes, and the lock and other inputs inside. The signed attestation counts
 * where there is one, and who signed it when it is known whom to believe.
 */
export async function checkProvenance(
  deb: string,
  { unsignedSha256, lockText }: PackageContents,
  {
    lock,
    inputs,
    control,
  }: { lock: Lock | undefined; inputs: readonly LockedInput[]; control: ControlFacts },
  trust: Trust | undefined,
): Promise<Check> {
  const [signed, plain] = [besideDeb(deb, '.intoto.jsonl'), besideDeb(deb, '.provenance.json')];
  const envelope = readBeside(signed);
  const statement = envelope === undefined ? readBeside(plain) : undefined;
  if (envelope === undefined && statement === undefined)
    return notPossible('provenance', `there is neither ${signed} nor ${plain}`);
  const findings: string[] = [];
  const { text, signers } =
    envelope === undefined
      ? { text: statement ?? '', signers: 'unsigned' }
      : await open(envelope, signed, trust, findings);
  const { provenanceSchema } = await import('./evidence-schema.ts');
  const parsed = provenanceSchema.safeParse(parseJson(text));
  if (!parsed.success)
    return checked('provenance', [...findings, 'not a SLSA provenance in the form that prodng writes'], '');
  const { subject, predicate } = parsed.data;
  const { externalParameters, resolvedDependencies } = predicate.buildDefinition;
  if (!subject.some((item) => item.digest.sha256 === unsignedSha256))
    findings.push(
      `it is about ${subject.map((item) => `${item.name} with SHA-256 ${item.digest.sha256}`).join(', ')}`,
    );
  const { source } = externalParameters;
  if (source !== undefined && (source.name !== control.source || source.version !== control.version))
    findings.push(
      `it is of the source ${source.name} ${source.version}, the package of ${control.source} ${control.version}`,
    );
  if (lockText === undefined || lock === undefined)
    return checked('provenance', findings, `by ${predicate.runDetails.builder.id}, ${signers}`);
  const lockSha256 = createHash('sha256').update(lockText).digest('hex');
  if (externalParameters.lock.digest.sha256 !== lockSha256)
    findings.push('it names another lock than that inside');
  const named = new Set(resolvedDependencies.map((item) => item.digest.sha256));
  const locked = new Map(
    [...lock.packages, ...inputs].map((item) => [item.sha256, `${item.name} ${item.version ?? ''}`.trim()]),
  );
  for (const [sha256, name] of locked) if (!named.has(sha256)) findings.push(`it omits ${name}`);
  for (const { uri, digest } of resolvedDependencies)
    if (!locked.has(digest.sha256))
      findings.push(`it names ${uri}, which is not in the lock with these bytes`);
  return checked('provenance', findings, `by ${predicate.runDetails.builder.id}, ${signers}`);
}

async function open(
  envelope: string,
  name: string,
  trust: Trust | undefined,
  findings: string[],
): Promise<{ text: string; signers: string }> {
  try {
    const { payload, reports } = await openEnvelope(envelope, name, trust?.keyring ?? []);
    const text = payload.toString('utf8');
    if (trust === undefined) return { text, signers: 'signed by whom is not checked' };
    const valid = reports.filter(({ status }) => status === 'valid');
    const wrong = reports.filter(
      ({ status }) => status === 'bad' || status === 'unreadable' || valid.length === 0,
    );
    findings.push(...wrong.map(({ message }) => message));
    return { text, signers: valid.map(({ signer }) => `signed by ${signer ?? 'unknown'}`).join(', ') };
  } catch (error) {
    if (!(error instanceof ProdngError)) throw error;
    findings.push(error.message);
    return { text: '', signers: '' };
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
