import type { Command } from 'commander';
import { prodngPaths } from '../../system/paths.ts';
import { formatOption, jsonOption, type TextOrJson } from '../terminal/format.ts';
import { interruptible } from '../terminal/interruptible.ts';
import { print } from '../terminal/print.ts';
import { terminalProgress } from '../terminal/terminal-progress.ts';

interface VendorCommandOptions {
  output?: string;
  plain?: true;
  sources?: string;
  format: TextOrJson;
}

const examples = `
Examples:
  prodng vendor ./hello
  prodng vendor ./hello --output /srv/vendored/hello-0.1.0
  prodng build --from-vendor /srv/vendored/hello-0.1.0 ./hello

The folder contains all locked packages, the files of Jail-Inputs, the packages pinned by package-lock.json, and the
lock. SHA256SUMS lists them all; check it with: sha256sum --check SHA256SUMS`;

export function register(program: Command): void {
  program
    .command('vendor')
    .description('copy all inputs of a build into a folder, for builds without an archive')
    .argument(
      '[dir]',
      'the jail source, built before; with --plain, any Debian source package or its .dsc',
      '.',
    )
    .option('-o, --output <folder>', 'target folder (default: NAME_VERSION_vendor next to the source)')
    .option('--plain', 'the source is built with --plain')
    .option('--sources <file>', 'package archives, in the DEB822 format of sources.list(5)')
    .addOption(formatOption(['text', 'json']))
    .addOption(jsonOption())
    .addHelpText('after', examples)
    .action(vendorSource);
}

async function vendorSource(dir: string, options: VendorCommandOptions): Promise<void> {
  const { loadArchives } = await import('../../store/archive-config.ts');
  const { vendor } = await import('../../build/vendor/vendor.ts');
  const { hostArchitecture } = await import('../../system/architecture.ts');
  const { output, sources } = options;
  const archives = await loadArchives({
    architecture: hostArchitecture(),
    env: process.env,
    ...(sources === undefined ? {} : { sourcesFile: sources }),
  });
  const result = await interruptible((signal) =>
    vendor({
      dir,
      plain: options.plain === true,
      archives,
      paths: prodngPaths(),
      progress: terminalProgress(),
      signal,
      ...(output === undefined ? {} : { output }),
    }),
  );
  const text = `${result.folder}: ${result.files} files`;
  print(`${options.format === 'json' ? JSON.stringify(result, undefined, 2) : text}\n`);
}
