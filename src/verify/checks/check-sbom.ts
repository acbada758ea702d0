import { type Lock, packagesFor } from '../../lock/lock.ts';
import type { LockedInput } from '../../lock/locked-input.ts';
import { besideDeb, readBeside } from './beside.ts';
import { type Check, checked, notPossible } from './check.ts';

/** Compares the CycloneDX document beside a .deb with the lock and the other inputs inside it, both ways, and with the .deb's digest. */
export async function checkSbom(
  deb: string,
  unsignedSha256: string,
  lock: Lock | undefined,
  inputs: readonly LockedInput[],
): Promise<Check> {
  const path = besideDeb(deb, '.cdx.json');
  const text = readBeside(path);
  if (text === undefined) return notPossible('sbom', `there is no ${path}`);
  if (lock === undefined) return notPossible('sbom', 'there is no lock to compare it with');
  const { sbomSchema } = await import('./evidence-schema.ts');
  const parsed = sbomSchema.safeParse(parseJson(text));
  if (!parsed.success)
    return checked('sbom', [`${path}: not a CycloneDX document in the form that prodng writes`], '');
  const { components, metadata } = parsed.data;
  const findings: string[] = [];
  const digest = sha256Of(metadata.component.hashes);
  if (digest !== unsignedSha256) findings.push(`it is about bytes with SHA-256 ${digest ?? 'unknown'}`);
  const named = new Map(components.map((item) => [`${shown(item)} ${sha256Of(item.hashes) ?? ''}`, item]));
  const packages = [...packagesFor(lock, 'rootfs'), ...inputs];
  const locked = new Set(packages.map((item) => `${shown(item)} ${item.sha256}`));
  for (const key of locked)
    if (!named.has(key)) findings.push(`it omits ${key.replace(/ (\w+)$/, ' (SHA-256 $1)')}`);
  for (const [key, item] of named)
    if (!locked.has(key)) findings.push(`it names ${shown(item)}, which is not in the lock with these bytes`);
  return checked('sbom', findings, `${packages.length} packages`);
}

function shown({ name, version }: { name: string; version?: string | undefined }): string {
  return version === undefined ? name : `${name} ${version}`;
}

function sha256Of(hashes: readonly { alg: string; content: string }[] | undefined): string | undefined {
  return hashes?.find(({ alg }) => alg === 'SHA-256')?.content;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
