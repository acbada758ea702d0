import type { Command } from 'commander';
import { type Lock, lockFile, packagesFor } from '../../lock/lock.ts';
import { formatChange } from '../../lock/lock-changes.ts';
import type { LockOutcome } from '../../lock/lock-source.ts';
import { hostArchitecture } from '../../system/architecture.ts';
import { prodngPaths } from '../../system/paths.ts';
import { print } from '../terminal/print.ts';
import { terminalProgress } from '../terminal/terminal-progress.ts';

interface LockOptions {
  update?: true;
  sources?: string;
  json?: true;
}

const examples = `
Examples:
  prodng lock
  prodng lock ./hello --update
  prodng lock --sources /etc/prodng/snapshot.sources

The archives are those of --sources, $PRODNG_SOURCES or /etc/prodng/archives.sources, or else what the host's own apt
sources have of its Debian release. Their signatures are verified. The rootfs is known after a build, which adds it.`;

export function register(program: Command): void {
  program
    .command('lock')
    .description(`pin every input of a jail source in ${lockFile}`)
    .argument('[dir]', 'the jail source', '.')
    .option('--update', 'move forward to what the archives have now, and print what changed')
    .option('--sources <file>', 'the archives to use, as in sources.list(5), DEB822-STYLE FORMAT')
    .option('--json', 'report what was locked as JSON')
    .addHelpText('after', examples)
    .action(lock);
}

async function lock(dir: string, { update, sources, json }: LockOptions): Promise<void> {
  const { loadArchives } = await import('../../store/archive-config.ts');
  const { lockSource } = await import('../../lock/lock-source.ts');
  const architecture = hostArchitecture();
  const outcome = await lockSource(dir, {
    archives: await loadArchives({
      architecture,
      env: process.env,
      ...(sources === undefined ? {} : { sourcesFile: sources }),
    }),
    architecture,
    paths: prodngPaths(),
    progress: terminalProgress(),
    ...(update === undefined ? {} : { update }),
  });
  print(json ? `${JSON.stringify(report(outcome), undefined, 2)}\n` : text(outcome));
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
