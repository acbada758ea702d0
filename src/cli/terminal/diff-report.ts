import type { TreeDiff } from '../../verify/diff/tree-diff.ts';
import { isTerminal, print } from './print.ts';

export interface DiffArguments {
  format: 'text' | 'json' | 'html';
  output?: string;
}

/** Prints a comparison, or writes it to a file; the exit status says whether there is a difference. */
export async function reportDiff(result: TreeDiff, options: DiffArguments): Promise<void> {
  const { isDifferent } = await import('../../verify/diff/tree-diff.ts');
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
