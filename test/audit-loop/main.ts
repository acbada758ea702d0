// Closes the loop of audit and proposal for templates and services of Debian: scripts/audit-loop [SERVICE...]
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { auditLoop, type LoopResult } from './loop.ts';
import { loopServices } from './services.ts';

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !loopServices.some((service) => service.name === name));
if (unknown.length > 0) throw new Error(`no such service: ${unknown.join(', ')}`);
const chosen = loopServices.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
const folder = await mkdtemp('/var/tmp/prodng-audit-loop-');
let failed = 0;

function report(result: LoopResult): void {
  const { name, before, after, newlyRefused, stillRefused, onlyBefore, onlyAfter, furtherDiff } = result;
  const closed =
    newlyRefused.length === 0 && onlyBefore.length + onlyAfter.length === 0 && furtherDiff === '';
  console.log(
    `${name.padEnd(26)} calls allowed ${String(before.allowed).padStart(3)} -> ${String(after.allowed).padStart(3)}` +
      `  made ${String(before.used).padStart(3)} / ${String(after.used).padStart(3)}` +
      `  exposure ${before.exposure.toFixed(1)} -> ${after.exposure.toFixed(1)}  ${closed ? 'same record' : 'DIFFERS'}`,
  );
  for (const each of newlyRefused) console.log(`    refused after the proposal: ${each}`);
  if (stillRefused.length > 0) console.log(`    refused before and after: ${stillRefused.join(', ')}`);
  for (const each of onlyBefore) console.log(`    only before: ${each}`);
  for (const each of onlyAfter) console.log(`    only after: ${each}`);
  if (furtherDiff !== '') console.log(furtherDiff.replaceAll(/^/gm, '    '));
  if (!closed) failed += 1;
}

try {
  for (const service of chosen)
    try {
      report(await auditLoop(service, folder));
    } catch (error) {
      failed += 1;
      console.log(`${service.name.padEnd(26)} FAILED: ${String(error)}`);
    }
} finally {
  if (process.env.KEEP !== '1') rmSync(folder, { recursive: true, force: true });
}
console.log(
  `audit-loop: ${chosen.length - failed} of ${chosen.length} services have the same record, and no new refusal`,
);
process.exitCode = failed > 0 ? 1 : 0;
