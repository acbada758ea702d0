// Puts the agent under load and has it fail, for longer than a test has time: npm run load [-- SECTION...]
import { existsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { measuredOn } from '../../bench/measured-on.ts';
import { crowdSection } from './crowd.ts';
import { cyclesSection } from './cycles.ts';
import { killsSection } from './kills-section.ts';
import type { LoadSection } from './section.ts';

// the program as it is installed, not the tests' bundle: its memory and its start are what is measured
process.env.PRODNG_TEST_PROGRAM ??= resolve('bin/prodng');
// Node reads this file at every start, 30 ms, where it is set: not ours to measure
delete process.env.NODE_EXTRA_CA_CERTS;

const sections: LoadSection[] = [killsSection, cyclesSection, crowdSection];

const wanted = process.argv.slice(2);
const chosen = sections.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
if (chosen.length === 0) {
  console.error(`load: no such section; there are: ${sections.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}
const pages: string[] = [heading()];
for (const section of chosen) {
  const { name, title } = section;
  console.error(`load: ${name}`);
  const { text, faults } = await section.run();
  const page = [`## ${title}`, '', ...text, ''].join('\n');
  console.log(page);
  for (const fault of faults) console.error(`load: ${name}: ${fault}`);
  if (faults.length > 0) process.exitCode = 1;
  pages.push(page);
}
if (wanted.length === 0) writeFileSync(join('docs', 'load.md'), pages.join('\n'));

function heading(): string {
  const groups = existsSync('/sys/fs/cgroup/cgroup.controllers') ? 'v2' : 'v1';
  return [
    '# The agent under load',
    '',
    '`npm run load` writes this page; `npm run load -- kills` (or `cycles`, `crowd`) runs one section, and',
    '`PRODNG_SEED`, `PRODNG_KILLS`, `PRODNG_CYCLES` and `PRODNG_CROWD` change it. Each fails when something is not as it must',
    'be. What is fast enough is in the ordinary suite: `test/agent/kill-agent`, `faults`, `uplink`, `clients` and',
    '`api-fuzz`.',
    '',
    `The figures below are of ${measuredOn()}, control groups ${groups}.`,
    '',
  ].join('\n');
}
