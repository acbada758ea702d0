import { join } from 'node:path';
import type { Command } from 'commander';
import { type DiffArguments, reportDiff } from '../terminal/diff-report.ts';
import { formatOption, jsonOption } from '../terminal/format.ts';

const examples = `
Examples:
  prodng diff hello_1.0_amd64.deb hello_1.1_amd64.deb
  prodng diff hello_1.0_amd64.deb hello_1.1_amd64.deb --format html --output review.html
  prodng diff /usr/lib/prodng/jails/hello/rootfs ./unpacked/rootfs

Rights that only the new jail declares come first, in red. Files that differ only in their time stamps are not listed.

Exit status: 0 no difference, 1 differences, 2 one of them cannot be read.`;

export function register(program: Command): void {
  program
    .command('diff')
    .description('compare two jail .debs, for review before deployment')
    .argument('<old>', 'a .deb, or a folder with an unpacked one')
    .argument('<new>', 'the .deb or folder to compare it with')
    .addOption(formatOption(['text', 'json', 'html']))
    .addOption(jsonOption())
    .option('-o, --output <file>', 'write the report to FILE instead of standard output')
    .addHelpText('after', examples)
    .action(diff);
}

async function diff(oldPath: string, newPath: string, options: DiffArguments): Promise<void> {
  const { diffTrees } = await import('../../verify/diff/diff.ts');
  const { storedPath } = await import('../../store/stored-file.ts');
  const { prodngPaths } = await import('../../system/paths.ts');
  const { cache } = prodngPaths();
  const store = join(cache, 'store');
  const result = await diffTrees(oldPath, newPath, {
    storedDeb: (sha256) => storedPath(store, sha256),
    listings: join(cache, 'listings'),
  });
  await reportDiff(result, options);
}
