// Prints `N passed, N failed` out of vitest's JSON report. Zero tests, or a test that did not run, is a failure.
import { readFileSync } from 'node:fs';

const text = readFileSync(process.argv[2], 'utf8');
if (text === '') {
  console.log('vitest was ended before it could report');
  process.exit(1);
}
const report = JSON.parse(text);
const { numPassedTests: passed, numTotalTests: total, numFailedTestSuites: failedSuites } = report;
const brokenFiles = report.testResults.filter(
  (file) => file.status === 'failed' && file.assertionResults.length === 0,
);
for (const file of brokenFiles) console.log(`could not run: ${file.name}\n${file.message ?? ''}`);
// whatever did not pass counts: failed, skipped and never started alike
const failed = total - passed + brokenFiles.length;
console.log(`${passed} passed, ${failed} failed`);
process.exit(passed > 0 && failed === 0 && failedSuites === 0 ? 0 : 1);
