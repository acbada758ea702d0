import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Profile, profileSchema } from '../../src/observe/profile.ts';
import type { BusyboxJail } from '../support/busybox-jail.ts';
import type { Ended, JailHost } from '../support/jail-host.ts';

/** What was seen of a program in a real jail. */
export interface Recorded extends Ended {
  profile: Profile;
}

let compiled: string | undefined;

/** truth.c, compiled by the host's compiler. */
export function truthProgram(): string {
  if (compiled !== undefined) return compiled;
  const made = `/var/tmp/prodng-truth-${process.pid}`;
  const source = join(import.meta.dirname, 'programs/truth.c');
  execFileSync('gcc', ['-static', '-O1', '-Wall', '-Werror', '-pthread', '-o', made, source]);
  compiled = made;
  return made;
}

/** Runs a program in a jail that is recorded, and reads the profile as anyone would. */
export async function recordRun(
  host: JailHost,
  jail: BusyboxJail,
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Recorded> {
  const deb = await host.jail(jail);
  const file = join(host.folder, 'profile.json');
  const ended = await host.prodng(['run', deb, '--record', file, '--', ...argv], { env });
  if (!existsSync(file)) throw new Error(`no record: ${ended.status}: ${ended.stderr}`);
  return { ...ended, profile: profileSchema.parse(JSON.parse(readFileSync(file, 'utf8'))) };
}

/** Sums of an entry's counts over all programs, by name. */
export function totals<T>(
  entries: readonly T[],
  name: (entry: T) => string,
  count: (entry: T) => number,
): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const entry of entries)
    if (count(entry) > 0) sums[name(entry)] = (sums[name(entry)] ?? 0) + count(entry);
  return sums;
}
