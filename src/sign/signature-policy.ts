import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { PublicKey } from 'openpgp';
import { ProdngError, reasonOf } from '../error/prodng-error.ts';
import { readKeyring } from './keyring.ts';
import type { SignatureReport } from './verify-signatures.ts';

/** So many of these keys must have signed. */
export interface SignatureRule {
  /** For messages: `release`, `security review`. */
  name: string;
  /** Fingerprints, 40 upper-case hex digits. */
  keys: string[];
  atLeast: number;
}

/** Who must have signed a .deb. */
export interface SignaturePolicy {
  keyring: PublicKey[];
  /** All of them must hold. */
  rules: SignatureRule[];
  /** Whether keys must be valid now, not only when they signed. */
  validNow: boolean;
}

/** What a policy says of a .deb's signatures. */
export interface PolicyVerdict {
  passed: boolean;
  /** A sentence for each rule that does not hold, and for each signature that is bad. */
  findings: string[];
}

/**
 * Reads a policy file, JSON: `{"keyring": ["release.asc"], "require": [{"name": "release", "keys": ["FINGERPRINT"],
 * "atLeast": 1}]}`. Keyrings are relative to the policy; `atLeast` defaults to all of the keys. With `"validNow": true`
 * keys must be valid now, too.
 *
 * @throws ProdngError CONFIG naming the place, KEY or IO for a keyring
 */
export async function readSignaturePolicy(file: string): Promise<SignaturePolicy> {
  const { policySchema } = await import('./policy-schema.ts');
  const { prettifyError } = await import('zod');
  const parsed = policySchema.safeParse(parseJson(await readText(file), file));
  if (!parsed.success) throw new ProdngError('CONFIG', `${file}: ${prettifyError(parsed.error)}`);
  const keyring: PublicKey[] = [];
  for (const path of parsed.data.keyring) keyring.push(...(await readKeyring(resolve(dirname(file), path))));
  const known = new Set(keyring.map((key) => key.getFingerprint().toUpperCase()));
  const rules = parsed.data.require.map(({ name, keys, atLeast = keys.length }) => ({ name, keys, atLeast }));
  for (const { name, keys } of rules) {
    const missing = keys.find((key) => !known.has(key));
    // a rule that can never hold is a mistake in the policy, not in the package
    if (missing !== undefined)
      throw new ProdngError('CONFIG', `${file}: ${name}: key ${missing} is in none of its keyrings`);
  }
  return { keyring, rules, validNow: parsed.data.validNow ?? false };
}

/**
 * Checks signatures against a policy. A key counts once however often it signed. A bad signature fails the whole policy:
 * the file is not what was signed. A signature by a key outside of the keyring is ignored.
 */
export function judgeSignatures(
  reports: readonly SignatureReport[],
  rules: readonly SignatureRule[],
  validNow = false,
): PolicyVerdict {
  const counts = ({ status, keyNow }: SignatureReport) =>
    status === 'valid' && (!validNow || keyNow === 'valid');
  const findings = reports
    .filter(({ status }) => status === 'bad' || status === 'unreadable')
    .map(({ message }) => message);
  const signed = new Set(
    reports.filter(counts).flatMap(({ fingerprint }) => (fingerprint === undefined ? [] : [fingerprint])),
  );
  for (const { name, keys, atLeast } of rules) {
    const count = keys.filter((key) => signed.has(key)).length;
    if (count >= atLeast) continue;
    const why = reports
      .filter((each) => !counts(each) && each.fingerprint !== undefined && keys.includes(each.fingerprint))
      .map(({ message }) => `; ${message}`);
    findings.push(`${name}: ${count} of the ${atLeast} signatures it needs${why.join('')}`);
  }
  return { passed: findings.length === 0, findings };
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new ProdngError('IO', `${file}: cannot be read: ${reasonOf(cause)}`, { cause });
  }
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ProdngError('CONFIG', `${file}: not JSON: ${why}`, { cause });
  }
}
