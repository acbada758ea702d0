import { painter, shown } from '../diff/diff-text.ts';
import { type Check, type CheckId, checkTitles } from './check.ts';

const words = { passed: 'passed', failed: 'FAILED', 'not-possible': 'not possible here' } as const;
const colors = { passed: 'green', failed: 'red', 'not-possible': 'yellow' } as const;

/**
 * Writes a verification as a table, the findings below each check, and the verdict last.
 *
 * @param required checks that had to pass
 */
export function verificationText(
  checks: readonly Check[],
  isPassed: boolean,
  required: readonly CheckId[],
  isColored: boolean,
): string {
  const paint = painter(isColored);
  const lines = checks.flatMap(({ id, status, message, findings = [] }) => [
    `${id.padEnd(10)}  ${paint(colors[status], words[status].padEnd(17))}  ${shown(message)}`,
    ...(status === 'failed' ? [`${' '.repeat(31)}(asked: ${checkTitles[id]})`] : []),
    ...(findings.length < 2 ? [] : findings.map((finding) => `${' '.repeat(31)}- ${shown(finding)}`)),
  ]);
  const count = (status: Check['status']): number => checks.filter((check) => check.status === status).length;
  const missing = required.filter(
    (id) => !checks.some((check) => check.id === id && check.status === 'passed'),
  );
  const verdict = `${count('passed')} passed, ${count('failed')} failed, ${count('not-possible')} not possible here`;
  const asked = missing.length === 0 ? '' : `; required and not passed: ${missing.join(', ')}`;
  lines.push(
    '',
    paint(isPassed ? 'green' : 'red', `${isPassed ? 'verified' : 'NOT verified'}: ${verdict}${asked}`),
  );
  return `${lines.join('\n')}\n`;
}
