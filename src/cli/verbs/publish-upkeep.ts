import type { Command } from 'commander';
import { ProdngError } from '../../error/prodng-error.ts';
import { formatOption, jsonOption, type TextOrJson } from '../terminal/format.ts';
import { interruptible } from '../terminal/interruptible.ts';
import { countOption } from '../terminal/output.ts';
import { print } from '../terminal/print.ts';
import { type PublisherArguments, parseSpan, publisher } from '../terminal/publisher-options.ts';

interface PromoteArguments extends PublisherArguments {
  create?: true;
  validFor: string;
}

interface RefreshArguments extends PublisherArguments {
  suite?: string;
  validFor?: string;
}

interface PruneArguments extends PublisherArguments {
  keep: number;
  snapshots: string;
  grace: string;
}

/** The commands below `prodng publish` that change an archive that is there. */
export function registerUpkeep(publish: Command, addOptions: (command: Command) => Command): void {
  addOptions(
    publish
      .command('promote')
      .description('take packages that one suite has into another')
      .argument('<archive>', "the archive's folder")
      .argument('<package>', 'web=1.4-1, or web for the newest; several with commas between')
      .argument('<from>', 'the suite that has them')
      .argument('<to>', 'the suite that gets them')
      .option('--create', 'make that suite when the archive does not have it')
      .option('--valid-for <time>', 'of a new suite: when its signature expires; or never', '14d'),
  )
    .addOption(formatOption(['text', 'json']))
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  prodng publish promote /srv/archive web=1.4-1 staging production')
    .action(promote);
  addOptions(
    publish
      .command('refresh')
      .description('sign suites again, before their signatures expire')
      .argument('<archive>', "the archive's folder")
      .option('--suite <name>', 'only that one (default: all but snapshots)')
      .option('--valid-for <time>', 'when the new signatures expire; or never (default: as before)'),
  )
    .addOption(formatOption(['text', 'json']))
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  prodng publish refresh /srv/archive')
    .action(refresh);
  addOptions(
    publish
      .command('snapshot')
      .description('keep a suite as it is now under a name with the date')
      .argument('<archive>', "the archive's folder")
      .argument('<suite>', 'the suite'),
  )
    .addOption(formatOption(['text', 'json']))
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  prodng publish snapshot /srv/archive production')
    .action(snapshot);
  addOptions(
    publish
      .command('prune')
      .description('remove old versions, old snapshots and files that no suite has')
      .argument('<archive>', "the archive's folder")
      .requiredOption('--keep <n>', 'versions of each package that every suite keeps', countOption)
      .option('--snapshots <time>', 'remove snapshots older than that', 'never')
      .option('--grace <time>', 'how long a file stays after the last suite let go of it', '1d'),
  )
    .addOption(formatOption(['text', 'json']))
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  prodng publish prune /srv/archive --keep 3 --snapshots 90d')
    .action(prune);
  registerHtml(publish);
}

function registerHtml(publish: Command): void {
  publish
    .command('html')
    .description('write pages that show what an archive holds: declarations, exposure, changes, signatures')
    .argument('<archive>', "the archive's folder")
    .addOption(formatOption(['text', 'json']))
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  prodng publish html /srv/archive')
    .action(html);
}

async function html(archive: string, { format }: { format: TextOrJson }): Promise<void> {
  const { writeHtml } = await import('../../publish/write-html.ts');
  const pages = await writeHtml(archive);
  print(
    format === 'json'
      ? `${JSON.stringify({ pages }, undefined, 2)}\n`
      : pages.map((page) => `${archive}/${page}\n`).join(''),
  );
}

async function promote(
  archive: string,
  packages: string,
  from: string,
  to: string,
  options: PromoteArguments,
): Promise<void> {
  const { promote: promotePackages } = await import('../../publish/promote.ts');
  const { parseSuiteName } = await import('../../publish/suite-name.ts');
  const validFor = parseSpan('--valid-for', options.validFor);
  const added = await interruptible(async (signal) =>
    promotePackages({
      ...(await publisher(archive, options, signal)),
      packages: packages.split(','),
      from: parseSuiteName(from),
      to: parseSuiteName(to),
      create: options.create === true,
      ...(validFor === undefined ? {} : { validFor }),
    }),
  );
  if (options.format === 'json') return print(`${JSON.stringify({ suite: to, added }, undefined, 2)}\n`);
  print(
    added.length === 0
      ? `${to} has it already\n`
      : added.map((key) => `${key}: published in ${to}\n`).join(''),
  );
}

async function refresh(archive: string, options: RefreshArguments): Promise<void> {
  const { refresh: refreshSuites } = await import('../../publish/renew.ts');
  const { parseSuiteName } = await import('../../publish/suite-name.ts');
  const { suite, validFor } = options;
  const span =
    validFor === undefined ? {} : { validFor: parseSpan('--valid-for', validFor) ?? ('never' as const) };
  const suites = await interruptible(async (signal) =>
    refreshSuites({
      ...(await publisher(archive, options, signal)),
      ...(suite === undefined ? {} : { suite: parseSuiteName(suite) }),
      ...span,
    }),
  );
  if (options.format === 'json') print(`${JSON.stringify({ suites }, undefined, 2)}\n`);
  else print(suites.map((name) => `${name}: signed again\n`).join(''));
}

async function snapshot(archive: string, suite: string, options: PublisherArguments): Promise<void> {
  const { snapshot: makeSnapshot } = await import('../../publish/renew.ts');
  const { parseSuiteName } = await import('../../publish/suite-name.ts');
  const name = await interruptible(async (signal) =>
    makeSnapshot({ ...(await publisher(archive, options, signal)), suite: parseSuiteName(suite) }),
  );
  print(options.format === 'json' ? `${JSON.stringify({ snapshot: name }, undefined, 2)}\n` : `${name}\n`);
}

async function prune(archive: string, options: PruneArguments): Promise<void> {
  const { prune: pruneArchive } = await import('../../publish/prune.ts');
  const { keep } = options;
  const snapshots = parseSpan('--snapshots', options.snapshots);
  const grace = parseSpan('--grace', options.grace);
  if (keep === 0) throw new ProdngError('USAGE', '--keep: at least 1');
  const result = await interruptible(async (signal) =>
    pruneArchive({
      ...(await publisher(archive, options, signal)),
      keep,
      grace: grace ?? Number.POSITIVE_INFINITY,
      ...(snapshots === undefined ? {} : { snapshots }),
    }),
  );
  if (options.format === 'json') return print(`${JSON.stringify(result, undefined, 2)}\n`);
  for (const version of result.versions) print(`${version}: removed from the suite\n`);
  for (const name of result.snapshots) print(`${name}: removed\n`);
  print(
    `${result.files.length} files removed from the pool, ${result.waiting} wait for their time of grace\n`,
  );
}
