// Checks the import rules, and that they were checked at all: dependency-cruiser passes silently on zero modules.

import { readdirSync } from 'node:fs';
import { cruise } from 'dependency-cruiser';
import config from '../.dependency-cruiser.mjs';
import { lookUpFaults } from './look-ups.mjs';
import { writerFaults } from './writers.mjs';

const { output } = await cruise(['src'], {
  ...config.options,
  ruleSet: { forbidden: config.forbidden },
  validate: true,
});
const { violations, totalCruised } = output.summary;
for (const { rule, from, to } of violations) console.error(`${rule.name}: ${from} -> ${to}`);
console.log(`structure: ${totalCruised} modules, ${violations.length} violations`);
if (totalCruised < 5) {
  console.error('structure: too few modules were read for this check to mean anything');
  process.exit(2);
}
const modules = readdirSync('src', { recursive: true })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => `src/${name}`);
const faults = [...writerFaults(modules), ...lookUpFaults(modules)];
for (const fault of faults) console.error(fault);
console.log(
  `structure: ${modules.length} modules checked for writers, programs and look-ups, ${faults.length} faults`,
);
process.exit(violations.length + faults.length === 0 ? 0 : 1);
