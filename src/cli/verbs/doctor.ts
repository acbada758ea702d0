import type { Command } from 'commander';
import type { HostCheck } from '../../system/host-check.ts';
import { prodngPaths } from '../../system/paths.ts';
import { print } from '../terminal/print.ts';

const examples = `
Examples:
  prodng doctor
  sudo prodng doctor --json

Exit status: 0 when nothing is missing, 1 otherwise.`;

export function register(program: Command): void {
  program
    .command('doctor')
    .description('what this host has and lacks for building and running jails')
    .option('--json', 'report as JSON')
    .addHelpText('after', examples)
    .action(doctor);
}

async function doctor({ json }: { json?: true }): Promise<void> {
  const { checkBuildHost } = await import('../../build/doctor-build.ts');
  const { checkRunHost } = await import('../../jail/doctor-run.ts');
  const groups = [
    { purpose: 'build', checks: await checkBuildHost(prodngPaths()) },
    { purpose: 'run', checks: await checkRunHost(prodngPaths()) },
  ];
  if (groups.some(({ checks }) => checks.some(({ ok }) => !ok))) process.exitCode = 1;
  print(json ? `${JSON.stringify(groups, undefined, 2)}\n` : groups.map(groupText).join('\n'));
}

function groupText({ purpose, checks }: { purpose: string; checks: readonly HostCheck[] }): string {
  return `prodng ${purpose}:\n${checks.map(checkText).join('')}`;
}

function checkText({ name, ok, detail, costs, mend }: HostCheck): string {
  const line = `  ${ok ? 'has  ' : 'LACKS'}  ${name}: ${detail}\n`;
  if (ok) return line;
  const without = costs === undefined ? '' : `         without it: ${costs}\n`;
  return `${line}${without}${mend === undefined ? '' : `         to mend it:  ${mend}\n`}`;
}
