import { join } from 'node:path';
import type { Command } from 'commander';
import { type DiffArguments, reportDiff } from '../terminal/diff-report.ts';
import { formatOption, jsonOption } from '../terminal/format.ts';

const help = `
Example:
  prodng image diff host_1.0_amd64.slot host_1.1_amd64.slot --format html --output review.html

What gives more rights on the host comes first: set-uid programs, words of the kernel's command line, keys, jails of the
image, the agent's configuration. Then packages, with their changelogs where the store has them, and files. What differs
only in its time is not listed.

Exit status: 0 no difference, 1 differences, 2 one of them cannot be read.`;

/** `prodng image diff` */
export function registerDiff(image: Command): void {
  image
    .command('diff')
    .description('compare two slot images, for review before deployment')
    .argument('<old>', 'a slot image, or the partition of a slot')
    .argument('<new>', 'the one to compare it with')
    .addOption(formatOption(['text', 'json', 'html']))
    .addOption(jsonOption())
    .option('-o, --output <file>', 'write the report to FILE instead of standard output')
    .addHelpText('after', help)
    .action(diff);
}

async function diff(oldPath: string, newPath: string, options: DiffArguments): Promise<void> {
  const { diffImages } = await import('../../image/diff-image.ts');
  const { storedPath } = await import('../../store/stored-file.ts');
  const { prodngPaths } = await import('../../system/paths.ts');
  const store = join(prodngPaths().cache, 'store');
  await reportDiff(
    await diffImages(oldPath, newPath, { storedDeb: (sha256) => storedPath(store, sha256) }),
    options,
  );
}
