import { type Command, Option } from 'commander';
import type { LintOptions } from '../../lint/lint.ts';
import { formatOption, jsonOption } from '../terminal/format.ts';
import { isTerminal, print, standardError } from '../terminal/print.ts';

interface LintArguments {
  format: 'text' | 'json' | 'sarif' | 'markdown' | 'junit';
  failOn: 'error' | 'warning' | 'info' | 'pedantic' | 'never';
  verbose?: true;
  policy?: string;
  overrides?: string;
  profile?: string;
  outdated?: true;
  score?: true;
  fix?: true;
  explain?: string;
  listTags?: true;
}

const examples = `
Examples:
  prodng lint
  prodng lint ./hello --format sarif > hello.sarif
  prodng lint ../hello_0.1.0_amd64.deb --fail-on error
  prodng lint --explain capability-ineffective

Exit status: 0 pass, 1 findings (see --fail-on), 2 the declarations cannot be read.`;

export function register(program: Command): void {
  program
    .command('lint')
    .description(
      'report excess privileges and hermeticity, reproducibility and packaging faults of a jail source or .deb',
    )
    .argument('[path...]', 'jail source folders, .deb or .changes files', ['.'])
    .addOption(formatOption(['text', 'json', 'sarif', 'markdown', 'junit']))
    .addOption(jsonOption())
    .addOption(
      new Option('--fail-on <severity>', 'lowest severity that makes the command fail')
        .choices(['error', 'warning', 'info', 'pedantic', 'never'])
        .default('warning'),
    )
    .option('-v, --verbose', 'show pedantic findings too')
    .option('--policy <file>', 'site policy, see docs/lint-policy.md')
    .option('--profile <file>', 'compare with what the kernel counted: see prodng run --record')
    .option('--overrides <file>', 'accepted findings; replaces the overrides in the source or .deb')
    .option('--outdated', 'look for newer versions of locked packages in the archives')
    .option('--score', 'show the exposure score and its parts')
    .option('--fix', 'apply safe fixes to debian/control and show the diff')
    .option('--explain <tag>', 'explain a tag and how to resolve it')
    .option('--list-tags', 'list all tags')
    .addHelpText('after', examples)
    .action(lint);
}

async function lint(paths: string[], options: LintArguments): Promise<void> {
  if (options.explain !== undefined || options.listTags) {
    await printTags(options.explain);
    return;
  }
  const { lintPath } = await import('../../lint/lint.ts');
  const { exitStatus } = await import('../../lint/outcome.ts');
  const { report } = await import('../../lint/report/report.ts');
  const lintOptions = await readOptions(options);
  if (paths.some((path) => /\.(?:deb|changes)$/.test(path))) {
    const { storedFiles } = await import('../../lint/locked-files.ts');
    const { prodngPaths } = await import('../../system/paths.ts');
    lintOptions.packageFiles = storedFiles(prodngPaths());
  }
  if (options.fix) await fixSources(paths);
  const results = [];
  for (const path of paths) results.push(...(await lintPath(path, lintOptions)));
  const { format } = options;
  const color = isTerminal() && (process.env.NO_COLOR ?? '') === '';
  const { verbose = false, score = false } = options;
  print(await report(results, format, { color, verbose, score }));
  process.exitCode = exitStatus(results, options.failOn);
}

/** The diffs go to standard error, so that a report for a program stays one. */
async function fixSources(paths: readonly string[]): Promise<void> {
  const { fixSource } = await import('../../lint/fix/fix-source.ts');
  for (const path of paths.filter((each) => !/\.(?:deb|changes)$/.test(each)))
    standardError().write(await fixSource(path));
}

async function readOptions({ policy, overrides, outdated, profile }: LintArguments): Promise<LintOptions> {
  const options: LintOptions = {};
  if (policy !== undefined) {
    const { readPolicy } = await import('../../lint/policy-file.ts');
    options.policy = await readPolicy(policy);
  }
  if (profile !== undefined) {
    const { readProfileFile } = await import('../../observe/profile-file.ts');
    options.profile = readProfileFile(profile);
  }
  if (overrides !== undefined) {
    const { readOverrideFile } = await import('../../lint/override-file.ts');
    options.overrides = readOverrideFile(overrides);
  }
  if (outdated) {
    const { loadArchives } = await import('../../store/archive-config.ts');
    const { archiveLookup } = await import('../../lint/find-newer.ts');
    const { hostArchitecture } = await import('../../system/architecture.ts');
    const { prodngPaths } = await import('../../system/paths.ts');
    const { terminalProgress } = await import('../terminal/terminal-progress.ts');
    const archives = await loadArchives({ architecture: hostArchitecture(), env: process.env });
    options.findNewer = archiveLookup({ archives, paths: prodngPaths(), progress: terminalProgress() });
  }
  return options;
}

async function printTags(id: string | undefined): Promise<void> {
  const { tags } = await import('../../lint/tags.ts');
  if (id === undefined) {
    const lines = tags.map((tag) => `${tag.id}  ${tag.severity}, ${tag.family}: ${tag.summary}\n`);
    print(lines.join(''));
    return;
  }
  const tag = tags.find((each) => each.id === id);
  if (tag === undefined) {
    const { didYouMean } = await import('../../control/suggest.ts');
    const { ProdngError } = await import('../../error/prodng-error.ts');
    const meant = didYouMean(
      id,
      tags.map((each) => each.id),
    );
    throw new ProdngError('USAGE', `no tag "${id}"${meant}`, { hint: 'prodng lint --list-tags lists all' });
  }
  const { explainTag } = await import('../../lint/tag-reference.ts');
  print(explainTag(tag));
}
