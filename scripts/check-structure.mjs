// Checks the import rules, and that they were checked at all: dependency-cruiser passes silently on zero modules.

import { cruise } from 'dependency-cruiser';
import config from '../.dependency-cruiser.mjs';

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
process.exit(violations.length === 0 ? 0 : 1);
