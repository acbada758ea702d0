import type { Command } from 'commander';
import { type Lock, lockFile, packagesFor } from '../../lock/lock.ts';
import { formatChange } from '../../lock/lock-changes.ts';
import type { LockOutcome } from '../../lock/lock-source.ts';
import { hostArchitecture } from '../../system/architecture.ts';
import { prodngPaths } from '../../system/paths.ts';
import { formatOption, jsonOption, type TextOrJson } from '../terminal/format.ts';
import { print } from '../terminal/print.ts';
import { terminalProgress } from '../terminal/terminal-progress.ts';

interface LockOptions {
  update?: true;
  acceptReleaseInfo?: true;
  sources?: string;
  format: TextOrJson;
}

const examples = `
Examples:
  prodng lock
  prodng lock ./hello --update
  prodng lock ./hello --accept-release-info
  prodng lock --sources /etc/prodng/snapshot.sources

Archives are taken from --sources, $PRODNG_SOURCES, /etc/prodng/archives.sources or the host's own apt sources for its
Debian release, in this order. Signatures are verified. The packages of the rootfs are added by the first build.`;

export function register(program: Command): void {
  program
    .command('lock')
    .description(`pin every input of a jail source in ${lockFile}`)
    .argument('[dir]', 'the jail source', '.')
    .option('--update', 'move to the newest versions in the archives, and print what changed')
    .option(
      '--accept-release-info',
      'as --update, also from archives whose Origin, Label or Codename changed',
    )
    .option('--sources <file>', 'package archives, in the DEB822 format of sources.list(5)')
    .addOption(formatOption(['text', 'json']))
    .addOption(jsonOption())
    .addHelpText('after', examples)
    .action(lock);
}

async function lock(dir: string, { update, acceptReleaseInfo, sources, format }: LockOptions): Promise<void> {
  const { loadArchives } = await import('../../store/archive-config.ts');
  const { readJailSource } = await import('../../control/jail-source.ts');
  const { lockSource } = await import('../../lock/lock-source.ts');
  const source = await readJailSource(dir);
  const architecture = hostArchitecture();
  const outcome = await lockSource(source, {
    archives: await loadArchives({
      architecture,
      env: process.env,
      ...(sources === undefined ? {} : { sourcesFile: sources }),
    }),
    architecture,
    paths: prodngPaths(),
    progress: terminalProgress(),
    ...(update === undefined ? {} : { update }),
    ...(acceptReleaseInfo === undefined ? {} : { acceptReleaseInfo }),
  });
  print(format === 'json' ? `${JSON.stringify(report(outcome), undefined, 2)}\n` : text(outcome));
}

function report({ path, lock: locked, written, changes }: LockOutcome) {
  return {
    path,
    written,
    architecture: locked.architecture,
    archives: locked.archives,
    buildRoot: packagesFor(locked, 'build').length,
    rootfs: locked.builtDepends === undefined ? null : packagesFor(locked, 'rootfs').length,
    changes,
  };
}

function text(outcome: LockOutcome): string {
  const { path, lock: locked, written, existed, changes } = outcome;
  const lines = existed ? changes.map(formatChange) : [];
  const what = written ? (changes.length === 0 ? 'no package changed' : 'written') : 'up to date';
  return `${[...lines, `${path}: ${what}; ${counts(locked)}`].join('\n')}\n`;
}

function counts(locked: Lock): string {
  const build = `${packagesFor(locked, 'build').length} packages in the build root`;
  if (locked.builtDepends === undefined) return `${build}; the rootfs is resolved by the first prodng build`;
  return `${build}, ${packagesFor(locked, 'rootfs').length} in the rootfs`;
}
