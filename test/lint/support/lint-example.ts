import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Example } from '../../../src/lint/example.ts';
import { type LintOptions, type LintResult, lintPath } from '../../../src/lint/lint.ts';
import { newerThanLocked } from '../../../src/lint/newer-packages.ts';
import { parsePolicy } from '../../../src/lint/policy-file.ts';
import type { Tag } from '../../../src/lint/tag.ts';
import { parseProfile } from '../../../src/observe/profile-file.ts';
import { soundProfile } from '../../observe/sound-profile.ts';
import { writeExampleDeb } from './example-deb.ts';
import { writeExampleSource } from './example-source.ts';
import { jailName } from './sound-jail.ts';

/** What an example of a tag can be written as. */
export function exampleKinds(tag: Tag): ('source' | 'deb')[] {
  const { triggers, clean } = tag;
  if (tag.reads === 'source') return ['source'];
  if (tag.reads === 'deb' || triggers.rootfs !== undefined || triggers.deb !== undefined) return ['deb'];
  if (triggers.source !== undefined || clean.source !== undefined) return ['source'];
  return ['source', 'deb'];
}

/** Lints an example, written to disk as it says, with the options that it asks for. */
export async function lintExample(example: Example, as: 'source' | 'deb'): Promise<LintResult> {
  const scratch = mkdtempSync(join(tmpdir(), 'prodng-lint-'));
  try {
    const path = join(scratch, as === 'deb' ? `${jailName}_1.0_amd64.deb` : jailName);
    if (as === 'deb') writeExampleDeb(path, example);
    else writeExampleSource(path, example);
    const [result] = await lintPath(path, await optionsOf(example));
    if (result === undefined) throw new Error('lint gave no result');
    return result;
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

async function optionsOf({ policy, archive, profile }: Example): Promise<LintOptions> {
  return {
    now: Date.parse('2026-01-01'),
    ...(policy === undefined ? {} : { policy: await parsePolicy(JSON.stringify(policy), 'policy.json') }),
    ...(profile === undefined
      ? {}
      : { profile: parseProfile(JSON.stringify({ ...soundProfile, ...profile }), 'profile') }),
    ...(archive === undefined
      ? {}
      : {
          findNewer: async ({ lock }) => {
            const { libc6: version, from = 'debian-security' } = archive;
            const security = from.includes('security');
            const offer = { name: 'libc6', version, architecture: 'amd64', archive: from, security };
            return lock === undefined ? undefined : newerThanLocked(lock, [offer]);
          },
        }),
  };
}

/** The tags of the findings that count. */
export function tagsOf(result: LintResult): string[] {
  const open = result.findings.filter(({ overridden }) => overridden === undefined);
  return [...new Set(open.map(({ tag }) => tag))];
}

/** The tags of what lies at a path. */
export async function tagsIn(path: string): Promise<string[]> {
  return (await lintPath(path)).flatMap(tagsOf);
}
