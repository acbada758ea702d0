import { join } from 'node:path';
import type { Command } from 'commander';
import type { TreeDiff } from '../../verify/diff/tree-diff.ts';
import { formatOption, jsonOption } from '../terminal/format.ts';
import { isTerminal, print } from '../terminal/print.ts';

interface DiffArguments {
  format: 'text' | 'json' | 'html';
  output?: string;
}

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
  const { isDifferent } = await import('../../verify/diff/tree-diff.ts');
  const { storedPath } = await import('../../store/stored-file.ts');
  const { prodngPaths } = await import('../../system/paths.ts');
  const { cache } = prodngPaths();
  const store = join(cache, 'store');
  const result = await diffTrees(oldPath, newPath, {
    storedDeb: (sha256) => storedPath(store, sha256),
    listings: join(cache, 'listings'),
  });
  const report = await format(result, options);
  if (options.output === undefined) print(report);
  else {
    const { writeOutput } = await import('../../output/write-output.ts');
    await writeOutput(options.output, report);
  }
  process.exitCode = isDifferent(result) ? 1 : 0;
}

async function format(result: TreeDiff, options: DiffArguments): Promise<string> {
  if (options.format === 'json') return (await import('../../verify/diff/diff-json.ts')).diffJson(result);
  if (options.format === 'html') return (await import('../../verify/diff/diff-html.ts')).diffHtml(result);
  const isColored = options.output === undefined && isTerminal() && process.env.NO_COLOR === undefined;
  return (await import('../../verify/diff/diff-text.ts')).diffText(result, isColored);
}
