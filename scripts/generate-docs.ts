// Writes the documents that come from tables in src/. With --check it writes nothing and fails when one has drifted.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { documents } from './documents.ts';

const check = process.argv.includes('--check');
let drifted = 0;
const made = Object.entries(await documents());
for (const [path, text] of made) {
  if (readOrNothing(path) === text) continue;
  drifted += 1;
  if (!check) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  console.log(check ? `${path}: differs from its source; run: npm run docs` : `${path}: written`);
}
console.log(`documents: ${made.length}, ${drifted} ${check ? 'drifted' : 'written'}`);
process.exit(made.length === 0 || (check && drifted > 0) ? 1 : 0);

function readOrNothing(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
