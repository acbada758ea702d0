import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { errnoOf, formatDiagnostic, messageOf, ProdngError } from '../../error/prodng-error.ts';
import { type ActingRule, combine } from '../../policy/combine.ts';
import { assertEnforceable } from '../../policy/enforceable.ts';
import { parsePolicy } from '../../policy/parse-policy.ts';
import { appliesTo, type HostPolicy, ruleText } from '../../policy/policy.ts';
import { readRegularFile } from '../../system/regular-file.ts';
import type { PolicySignatures } from './policy-signature.ts';

/** A file of policies.d. */
export interface PolicyFile {
  file: string;
  sha256: string;
  policy?: HostPolicy;
  /** Why it is none. */
  error?: ProdngError;
}

const mostBytes = 1 << 20;

/** What a list says of a policy. */
export const policyEntrySchema = z
  .object({
    file: z.string(),
    name: z.string().optional(),
    jails: z.array(z.string()).optional(),
    mode: z.enum(['enforce', 'observe']).optional(),
    rules: z.array(z.string()).optional(),
    /** Why it is refused: jails that it may be for are not started. */
    fault: z.string().optional(),
  })
  .meta({ id: 'PolicyEntry' });

export type PolicyEntry = z.infer<typeof policyEntrySchema>;

/** Reads the policies of the host: /etc/prodng/policies.d, the files that end in .policy, by their names. */
export async function readPolicies(config: string, signatures: PolicySignatures): Promise<PolicyFile[]> {
  const folder = join(config, 'policies.d');
  return Promise.all(namesIn(folder).map((name) => readPolicy(join(folder, name), signatures)));
}

async function readPolicy(file: string, signatures: PolicySignatures): Promise<PolicyFile> {
  let bytes: Buffer | undefined;
  try {
    bytes = readRegularFile(file, mostBytes);
    if (bytes === undefined) throw new ProdngError('IO', `${file}: no such file`);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    await signatures.assertSigned(file, bytes);
    return { file, sha256, policy: parsePolicy(bytes, file) };
  } catch (error) {
    const sha256 = createHash('sha256')
      .update(bytes ?? '')
      .digest('hex');
    const known =
      error instanceof ProdngError ? error : new ProdngError('CONFIG', `${file}: ${messageOf(error)}`);
    return { file, sha256, error: known };
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.policy') && !name.startsWith('.'))
      .sort();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw new ProdngError('CONFIG', `${folder}: ${messageOf(error)}`, { cause: error });
  }
}

/** Why a policy cannot be put in force on this host; undefined when it can. */
export function whyRefused({ policy, error }: PolicyFile, bpf: boolean): ProdngError | undefined {
  if (policy === undefined) return error;
  try {
    assertEnforceable(policy, { bpf, agent: true });
    return undefined;
  } catch (refusal) {
    if (refusal instanceof ProdngError) return refusal;
    throw refusal;
  }
}

/** The policies that are for a jail. One that cannot be read may be for any. */
export function policiesFor(jail: string, files: readonly PolicyFile[]): PolicyFile[] {
  return files.filter(({ policy }) => policy === undefined || appliesTo(policy, jail));
}

/**
 * The rules of a jail.
 *
 * @param bpf whether the kernel can count here
 * @throws ProdngError POLICY when a policy that may be for it is refused: the jail is not to be started without it
 */
export function rulesFor(jail: string, files: readonly PolicyFile[], bpf: boolean): ActingRule[] {
  const own = policiesFor(jail, files);
  for (const file of own) {
    const refusal = whyRefused(file, bpf);
    if (refusal === undefined) continue;
    throw new ProdngError('POLICY', `${jail} is not started: ${faultText(refusal)}`, {
      hint: refusal.hint ?? `put ${file.file} right, or remove it`,
      cause: refusal,
    });
  }
  return combine(own.flatMap(({ policy }) => policy ?? []));
}

export function policyEntry(file: PolicyFile, bpf: boolean): PolicyEntry {
  const refusal = whyRefused(file, bpf);
  const { policy } = file;
  return {
    file: file.file,
    ...(policy === undefined
      ? {}
      : {
          name: policy.name,
          jails: [...policy.jails],
          mode: policy.mode,
          rules: policy.rules.map(ruleText),
        }),
    ...(refusal === undefined ? {} : { fault: faultText(refusal) }),
  };
}

/** With each rule and feature, in one text. */
export function faultText({ message, diagnostics }: ProdngError): string {
  const faults = diagnostics.map(formatDiagnostic);
  return [message, ...faults].join('; ');
}
