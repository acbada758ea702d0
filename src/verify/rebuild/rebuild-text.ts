import { diffText, painter, shown } from '../diff/diff-text.ts';
import { isDifferent } from '../diff/tree-diff.ts';
import type { RebuildReport } from './rebuild.ts';

/** What a rebuild that differs has to say beyond its check. Empty for one that does not. */
export function rebuildText(report: RebuildReport, isColored: boolean): string {
  if (report.isIdentical) return '';
  const paint = painter(isColored);
  const { cause, failure, diff, diffoscope } = report;
  const lines = [
    '',
    paint('bold', `The rebuild differs (${report.builds} builds)`),
    ...(cause === undefined ? [] : [paint('red', `  ${cause.explanation}`)]),
    ...(failure === undefined ? [] : failure.split('\n').map((line) => `  ${shown(line)}`)),
    ...(report.bytes ?? []).map((line) => `  ${shown(line)}`),
  ];
  const shownDiff = diff !== undefined && isDifferent(diff) ? `\n${diffText(diff, isColored)}` : '';
  const other = diffoscope === undefined ? '' : `\n${diffoscope.split('\n').map(shown).join('\n')}`;
  return `${lines.join('\n')}\n${shownDiff}${other}`;
}
