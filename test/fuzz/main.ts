// npm run fuzz [-- --seconds N] [--target NAME] [--seed N] [--keep]: mutates what fixtures/fuzz keeps, guided by coverage.
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { corpusFolder, fuzzTarget, keepCorpus, readCorpus } from './fuzz-target.ts';
import { targets } from './targets.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    target: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 32) },
    keep: { type: 'boolean', default: false },
  },
});
const names = values.target === undefined ? Object.keys(targets) : [values.target];
const seconds = Number(values.seconds) / names.length;
let failed = 0;
let total = 0;
for (const name of names) {
  const target = targets[name];
  if (target === undefined) throw new Error(`no target ${name}: ${Object.keys(targets).join(', ')}`);
  const seed = Number(values.seed);
  const { inputs, blocks, corpus, findings } = await fuzzTarget(target, readCorpus(name), { seconds, seed });
  total += inputs;
  console.log(
    `${name}: ${inputs} inputs, ${blocks} blocks reached, corpus ${corpus.length}, findings ${findings.length}`,
  );
  if (values.keep) keepCorpus(name, corpus);
  for (const { input, why } of findings) {
    failed++;
    mkdirSync(corpusFolder(name), { recursive: true });
    const file = join(
      corpusFolder(name),
      `found-${createHash('sha256').update(input).digest('hex').slice(0, 16)}`,
    );
    writeFileSync(file, input);
    console.log(`  ${file}: ${why.split('\n').slice(0, 6).join('\n    ')}`);
  }
}
console.log(`${total} inputs in all, seed ${values.seed}`);
process.exit(total === 0 || failed > 0 ? 1 : 0);
