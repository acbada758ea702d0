/** Unpacks ARGV[2] to ARGV[3] and prints what came of it and the most memory that it took, for tests that need a process. */
import { ProdngError } from '../../../src/error/prodng-error.ts';
import { unpack } from '../refusal.ts';

const [file = '', target = ''] = process.argv.slice(2);
let code = 'fine';
try {
  await unpack(file, target);
} catch (error) {
  code = error instanceof ProdngError ? error.code : String(error);
}
process.stdout.write(JSON.stringify({ code, peakMiB: process.resourceUsage().maxRSS / 1024 }));
