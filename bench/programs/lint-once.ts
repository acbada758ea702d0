/** Lints ARGV[2] and prints the most memory that this process took, in MB. */
import { lintPath } from '../../src/lint/lint.ts';

await lintPath(process.argv[2] ?? '');
process.stdout.write(`${(process.resourceUsage().maxRSS * 1024) / 1e6}`);
