import type { DebReader } from '../archive/deb-reader.ts';
import { parseDeb822 } from '../control/deb822.ts';
import type { JailDeclaration } from '../control/jail-declaration.ts';
import { hasJailFields, parseJailDeclaration } from '../control/jail-schema.ts';
import { packagePattern } from '../control/package-name.ts';
import { versionFault } from '../control/version.ts';
import { ProdngError } from '../error/prodng-error.ts';
import { lintSubject } from '../lint/lint.ts';
import { type FailOn, isFailure } from '../lint/outcome.ts';
import type { Policy } from '../lint/policy.ts';
import { beginDebSubject } from '../lint/read-deb.ts';
import type { SignaturePolicy } from '../sign/signature-policy.ts';
import type { SignedBytes } from '../sign/signed-bytes.ts';
import type { Paths } from '../system/paths.ts';
import { silent } from '../system/progress.ts';
import { verifyOpenDeb } from '../verify/verify.ts';

/** What a package must meet to be published. */
export interface Admission {
  /** Take .debs that are no jails too. */
  plain?: boolean;
  signatures?: SignaturePolicy;
  /** Absent: lint is not asked. */
  lint?: { policy?: Policy; failOn: FailOn };
}

/** What the control file of a .deb says of it. */
export interface PackageFacts {
  name: string;
  version: string;
  architecture: string;
  /** The source package, whose name the .buildinfo has. */
  source: string;
  sourceVersion: string;
  declaration?: JailDeclaration;
}

/** What the archive says of a package, and signs: from the package itself it would be believed as well. */
const indexFields = ['Filename', 'Size', 'MD5sum', 'SHA1', 'SHA256', 'SHA512', 'Prodng-Evidence'] as const;

/**
 * Reads what a .deb is.
 *
 * @throws ProdngError DEB_FORMAT when it is no jail and `plain` is not set, or says what an index does, DECLARATION; what
 *   its control files throw
 */
export async function readFacts(deb: DebReader, plain: boolean): Promise<PackageFacts> {
  const { path } = deb;
  const file = `${path}: control`;
  const [stanza, second] = parseDeb822(await deb.control(), file);
  const field = (name: string): string => stanza?.get(name)?.trim() ?? '';
  const facts = { name: field('Package'), version: field('Version'), architecture: field('Architecture') };
  if (
    stanza === undefined ||
    second !== undefined ||
    !packagePattern.test(facts.name) ||
    facts.version === '' ||
    versionFault(facts.version) !== undefined ||
    !/^[a-z0-9-]+$/.test(facts.architecture)
  )
    throw new ProdngError('DEB_FORMAT', `${path}: its control names no package, version and architecture`);
  const [, source = facts.name, sourceVersion = facts.version] =
    /^(\S+)(?: \((\S+)\))?$/.exec(field('Source')) ?? [];
  // they become a file name in the pool
  if (!packagePattern.test(source) || sourceVersion === '' || versionFault(sourceVersion) !== undefined)
    throw new ProdngError(
      'DEB_FORMAT',
      `${path}: Source: ${JSON.stringify(field('Source').slice(0, 200))} is no source package`,
    );
  const own = indexFields.find((name) => stanza.get(name) !== undefined);
  if (own !== undefined)
    throw new ProdngError('DEB_FORMAT', `${path}: its control has the field ${own}, which an index gives`, {
      hint: 'a package cannot say of itself where it lies, nor name evidence of itself',
    });
  const named = { ...facts, source, sourceVersion };
  if (!hasJailFields(stanza)) {
    if (plain) return named;
    throw new ProdngError('DEB_FORMAT', `${path}: not a jail: its control has no Jail-* fields`, {
      hint: 'to publish ordinary packages too, give --plain',
    });
  }
  const { declaration, diagnostics } = parseJailDeclaration(stanza, file, 'Jail-');
  if (declaration !== undefined) return { ...named, declaration };
  throw new ProdngError('DECLARATION', `${path}: its declarations are not valid`, { diagnostics });
}

/**
 * Checks a package, with the evidence that lies beside it, against everything that the archive asks for. Its bytes are
 * read once: verify and lint take them from the same pass.
 *
 * @param shown the name that errors carry
 * @throws ProdngError SIGNATURE, or POLICY naming each finding
 */
export async function admit(
  path: string,
  bytes: SignedBytes,
  shown: string,
  facts: PackageFacts,
  admission: Admission,
  paths: Paths,
): Promise<void> {
  const { signatures, lint } = admission;
  const isJail = facts.declaration !== undefined;
  const reading = lint === undefined || !isJail ? undefined : await beginDebSubject(shown, bytes.deb);
  const options = {
    paths,
    archives: [],
    progress: silent,
    ...(signatures === undefined ? {} : { trust: { keyring: signatures.keyring, policy: signatures } }),
  };
  const { checks } = await verifyOpenDeb(path, bytes, options, reading);
  const failed = checks.filter(({ id, status }) => status === 'failed' && (isJail || id !== 'control'));
  const [first] = failed;
  if (first !== undefined) {
    const reasons = failed.flatMap(({ id, message, findings = [message] }) =>
      findings.map((finding) => `  ${id}: ${finding.replaceAll(path, shown)}`),
    );
    const code = failed.every(({ id }) => id === 'signature') ? 'SIGNATURE' : 'POLICY';
    throw new ProdngError(code, `${shown}: refused: it does not verify\n${reasons.join('\n')}`, {
      hint: `see it in full: prodng verify ${shown}`,
    });
  }
  if (lint === undefined || reading === undefined) return;
  const policy = lint.policy === undefined ? {} : { policy: lint.policy };
  const result = await lintSubject(await reading.end(), policy);
  const findings = result.findings.filter((finding) => isFailure([finding], lint.failOn));
  if (findings.length === 0) return;
  const lines = findings.map(({ severity, tag, message }) => `  ${severity}: ${tag}: ${message}`);
  throw new ProdngError('POLICY', `${shown}: refused by lint\n${lines.join('\n')}`, {
    hint: `see it in full: prodng lint ${shown}`,
  });
}
