import { statSync } from 'node:fs';
import { type Exposure, exposureScore } from '../control/exposure.ts';
import { ProdngError, reasonOf } from '../error/prodng-error.ts';
import type { Profile } from '../observe/profile.ts';
import { ownValue } from '../system/own-value.ts';
import { commonTags } from './common-tags.ts';
import type { Finding, Found } from './finding.ts';
import type { Located } from './locate.ts';
import type { PackageFiles } from './locked-files.ts';
import type { NewerPackage } from './newer-packages.ts';
import { type Outcome, outcomeOf } from './outcome.ts';
import type { Policy } from './policy.ts';
import type { Severity } from './severity.ts';
import type { DeclaredSubject, Subject } from './subject.ts';
import type { Tag } from './tag.ts';

export interface LintOptions {
  policy?: Policy;
  /** What the kernel counted of it when it ran. */
  profile?: Profile;
  /** Overrides to use instead of the ones that the subject brings. */
  overrides?: { file: string; text: string };
  /** What expires is compared with this time; ms since 1970. */
  now?: number;
  /** Lists the files of locked packages that are at hand. */
  packageFiles?: PackageFiles;
  /** Asks the package archives what they have now of a lock's packages. */
  findNewer?: (subject: Subject) => Promise<readonly NewerPackage[] | undefined>;
}

/** What lint says of one source or .deb. */
export interface LintResult {
  path: string;
  kind: 'source' | 'deb';
  name: string;
  outcome: Outcome;
  /** Whether a finding says that the declarations cannot be read at all. */
  unreadable: boolean;
  /** Sorted by place; overridden ones at the end. */
  findings: Finding[];
  /** What was checked: none of it may be zero in a pass. */
  checked: { checks: number; files: number; entries: number };
  /** Absent when the declarations cannot be read. */
  score?: Exposure;
}

/**
 * Lints a jail source (a folder), a built jail (a .deb) or all .debs of a .changes file.
 *
 * @throws ProdngError when something is neither, or cannot be read to its end
 */
export async function lintPath(path: string, options: LintOptions = {}): Promise<LintResult[]> {
  if (path.endsWith('.changes')) {
    const { debsOfChanges } = await import('./changes-file.ts');
    const results: LintResult[] = [];
    for (const deb of await debsOfChanges(path)) results.push(...(await lintPath(deb, options)));
    return results;
  }
  const subject = await readSubject(path);
  if (options.findNewer !== undefined) {
    const newer = await options.findNewer(subject);
    if (newer !== undefined) subject.newer = newer;
  }
  if (options.packageFiles !== undefined && subject.kind === 'deb' && subject.lock !== undefined) {
    const { compareLockedFiles } = await import('./locked-files.ts');
    subject.lockedFiles = await compareLockedFiles(subject, options.packageFiles);
  }
  return [await lintSubject(subject, options)];
}

async function readSubject(path: string): Promise<Subject> {
  if (isFolder(path)) {
    const { readSourceSubject } = await import('./read-source.ts');
    return await readSourceSubject(path);
  }
  const { readDebSubject } = await import('./read-deb.ts');
  return await readDebSubject(path);
}

function isFolder(path: string): boolean {
  try {
    const about = statSync(path);
    // a fifo would keep us waiting for its writer
    if (!about.isDirectory() && !about.isFile())
      throw new ProdngError('IO', `${path}: cannot be read: not a regular file`);
    return about.isDirectory();
  } catch (error) {
    if (error instanceof ProdngError) throw error;
    throw new ProdngError('IO', `${path}: cannot be read: ${reasonOf(error)}`, {
      cause: error,
      hint: 'give the folder of a jail source, a .deb or a .changes file',
    });
  }
}

/**
 * Runs every check that fits a subject.
 *
 * @throws ProdngError INTERNAL when nothing at all was checked
 */
export async function lintSubject(subject: Subject, options: LintOptions = {}): Promise<LintResult> {
  const { policy } = options;
  const tags = await tagsFor(subject);
  const byId = new Map(tags.map((tag) => [tag.id, tag]));
  const findings: Finding[] = parserFindings(subject, byId);
  let checks = 0;
  for (const tag of tags) {
    const found = runCheck(tag, subject, options);
    if (found === undefined) continue;
    checks += 1;
    for (const each of found) findings.push(toFinding(tag, subject.locator.locate(each), each));
  }
  if (checks === 0) throw new ProdngError('INTERNAL', `${subject.path}: no check was run`);
  const adjusted = adjust(findings, policy);
  const overrides = options.overrides ?? subject.overrides;
  const all =
    overrides === undefined
      ? adjusted
      : (await import('./apply-overrides.ts')).applyOverrides(
          adjusted,
          overrides,
          policy,
          options.now ?? Date.now(),
        );
  all.sort(byPlace);
  return {
    path: subject.path,
    kind: subject.kind,
    name: subject.name,
    outcome: outcomeOf(all),
    unreadable: all.some(({ tag }) => byId.get(tag)?.unreadable === true),
    findings: all,
    checked: { checks, files: subject.files, entries: subject.entries },
    ...(subject.declaration === undefined ? {} : { score: exposureScore(subject.declaration) }),
  };
}

/** What a check found; undefined when it does not fit the subject and was not run. */
function runCheck(tag: Tag, subject: Subject, { policy, profile }: LintOptions): Iterable<Found> | undefined {
  switch (tag.reads) {
    case 'parser':
      // the parsers check all of these in every file
      return [];
    case 'overrides':
      return subject.overrides === undefined ? undefined : [];
    case 'declaration':
      return isDeclared(subject) ? tag.check(subject) : undefined;
    case 'source':
      return subject.kind === 'source' ? tag.check(subject) : undefined;
    case 'deb':
      return subject.kind === 'deb' ? tag.check(subject) : undefined;
    case 'archive':
      return subject.newer === undefined ? undefined : tag.check(subject);
    case 'profile':
      return profile === undefined || !isDeclared(subject) ? undefined : tag.check(subject, profile);
    case 'policy':
      return policy === undefined ? undefined : tag.check(subject, policy);
  }
}

function isDeclared(subject: Subject): subject is DeclaredSubject {
  return subject.declaration !== undefined;
}

async function tagsFor(subject: Subject): Promise<readonly Tag[]> {
  if (subject.kind === 'source') return commonTags;
  const { debTags } = await import('./deb-tags.ts');
  return [...commonTags, ...debTags];
}

function parserFindings(subject: Subject, byId: ReadonlyMap<string, Tag>): Finding[] {
  return subject.diagnostics.map(({ code, file, line, column, field, message }) => {
    const tag = byId.get(code);
    if (tag === undefined) throw new ProdngError('INTERNAL', `no lint tag ${code}`);
    const isControl = file === subject.locator.file;
    const place = isControl
      ? subject.locator.at(line, column, undefined, field)
      : { file, line, ...(column === undefined ? {} : { column }) };
    const word =
      isControl && column !== undefined
        ? place.text?.slice(column - 1, column - 1 + (place.length ?? 0))
        : undefined;
    return toFinding(tag, place, { message, context: word ?? field ?? '' });
  });
}

function toFinding(tag: Tag, place: Located, { message, context = '' }: Found): Finding {
  const { id, family, severity, certainty } = tag;
  return { tag: id, family, severity, certainty, message, context, ...place };
}

function adjust(findings: readonly Finding[], policy: Policy | undefined): Finding[] {
  const changed = policy?.tags;
  if (changed === undefined) return [...findings];
  return findings.flatMap((finding) => {
    const severity: Severity | 'off' = ownValue(changed, finding.tag) ?? finding.severity;
    return severity === 'off' ? [] : [{ ...finding, severity }];
  });
}

function byPlace(a: Finding, b: Finding): number {
  const overridden = Number(a.overridden !== undefined) - Number(b.overridden !== undefined);
  if (overridden !== 0) return overridden;
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0) || (a.tag < b.tag ? -1 : 1);
}
