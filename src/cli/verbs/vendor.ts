import type { Command } from 'commander';
import { prodngPaths } from '../../system/paths.ts';
import { interruptible } from '../terminal/interruptible.ts';
import { print } from '../terminal/print.ts';
import { terminalProgress } from '../terminal/terminal-progress.ts';

interface VendorCommandOptions {
  output?: string;
  plain?: true;
  sources?: string;
  json?: true;
}

const examples = `
Examples:
  prodng vendor ./hello
  prodng vendor ./hello --output /srv/vendored/hello-0.1.0
  prodng build --from-vendor /srv/vendored/hello-0.1.0 ./hello

The folder holds every locked package, the files of Jail-Inputs, what package-lock.json pins, and the lock. SHA256SUMS
names each of them: sha256sum --check SHA256SUMS checks it without prodng.`;

export function register(program: Command): void {
  program
    .command('vendor')
    .description('copy every input of a build to a folder, to build from it without an archive')
    .argument(
      '[dir]',
      'the jail source, which has been built; with --plain any source package, or its .dsc',
      '.',
    )
    .option('-o, --output <folder>', 'the folder (default: NAME_VERSION_vendor beside the source)')
    .option('--plain', 'for what is built with --plain')
    .option('--sources <file>', 'the archives to use, as in sources.list(5), DEB822-STYLE FORMAT')
    .option('--json', 'report what was copied as JSON')
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
  print(`${options.json ? JSON.stringify(result, undefined, 2) : text}\n`);
}
