import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { formatDeb822 } from '../control/deb822.ts';
import { formatRelations, parseRelations } from '../control/relations.ts';
import { ProdngError } from '../error/prodng-error.ts';
import { aptEnvironment } from '../store/apt-environment.ts';
import type { ArchiveState } from '../store/archive-state.ts';
import { findPackages, type IndexedPackage, newestVersions } from '../store/packages-index.ts';
import { writeFileAtomic } from '../system/atomic-file.ts';
import { run } from '../system/process.ts';
import { compareText } from './lock-order.ts';

/**
 * Lets apt choose what satisfies the relations on a machine with nothing installed: `apt-get satisfy`, which knows
 * alternatives, architecture restrictions, build profiles, Provides and pins. Recommends are left out. Essential
 * packages are not there unless something depends on them.
 *
 * @param relations dependency text without substitution variables
 * @param assumed packages that count as installed: neither they nor what only they need is chosen
 * @returns the packages, sorted by name and architecture, as the signed indices describe them
 * @throws ProdngError UNRESOLVABLE with apt's explanation, CONTROL_SYNTAX when the text is none
 */
export async function solve(
  state: ArchiveState,
  relations: string,
  assumed: ReadonlySet<string> = new Set(),
): Promise<IndexedPackage[]> {
  const groups = parseRelations(relations);
  if (groups.length === 0) return [];
  const text = formatRelations(groups);
  if (text.includes('${')) throw new ProdngError('UNRESOLVABLE', `substitution variables are left: ${text}`);
  const installed =
    assumed.size === 0 ? [] : ['-o', `Dir::State::status=${await assumedStatus(state, assumed)}`];
  // as options: apt-get satisfy would take a text of its own for an option or a file
  const { exitCode, stdout, stderr } = await run(
    ['apt-get', ...installed, '--print-uris', '-q', 'satisfy', '--', text],
    {
      env: aptEnvironment(state.configuration),
      accept: [0, 100],
    },
  );
  if (exitCode !== 0) throw unresolvable(`${stdout}\n${stderr}`);
  const digests = new Set<string>();
  for (const line of stdout.split('\n')) {
    if (!line.startsWith("'")) continue;
    const digest = /^'[^']*' \S+ \d+ SHA256:([0-9a-f]{64})$/.exec(line.trim())?.[1];
    if (digest === undefined)
      throw new ProdngError('UNRESOLVABLE', `apt names a file without SHA-256: ${line}`);
    digests.add(digest);
  }
  const found = await findPackages(state, digests);
  return [...found.values()].sort(byNameAndArchitecture);
}

/** A dpkg status file in which these packages are installed, without dependencies of their own. */
async function assumedStatus(state: ArchiveState, assumed: ReadonlySet<string>): Promise<string> {
  const versions = [...(await newestVersions(state, assumed))].sort(([a], [b]) => compareText(a, b));
  const stanzas = versions.map(([name, version]) => ({
    fields: [
      { name: 'Package', value: name },
      // on hold: apt upgrades an installed package with others of its source, and would choose it after all
      { name: 'Status', value: 'hold ok installed' },
      { name: 'Architecture', value: state.architecture },
      { name: 'Version', value: version },
    ],
  }));
  const text = formatDeb822(stanzas);
  const path = join(state.folder, `assumed-${createHash('sha256').update(text).digest('hex').slice(0, 16)}`);
  await writeFileAtomic(path, text);
  return path;
}

function byNameAndArchitecture(a: IndexedPackage, b: IndexedPackage): number {
  return compareText(a.name, b.name) || compareText(a.architecture, b.architecture);
}

function unresolvable(output: string): ProdngError {
  const start = output.indexOf('The following packages have unmet dependencies:');
  const lines = (start < 0 ? output : output.slice(start))
    .split('\n')
    .map((line) => line.replace('satisfy:command-line', 'this source').trimEnd())
    .filter((line) => line !== '' && !/^(?:Reading package|Building dependency|W: )/.test(line));
  return new ProdngError('UNRESOLVABLE', `apt cannot resolve the dependencies:\n${lines.join('\n')}`, {
    hint: 'is the package named right, and in a configured archive? apt-cache policy NAME; see Build-Depends and Depends',
  });
}
