import type { Command } from 'commander';
import type { HostCheck } from '../../system/host-check.ts';
import { prodngPaths } from '../../system/paths.ts';
import { formatOption, jsonOption, type TextOrJson } from '../terminal/format.ts';
import { print } from '../terminal/print.ts';

const examples = `
Examples:
  prodng doctor
  sudo prodng doctor --json

Exit status: 0 nothing is missing, 1 something is missing.`;

export function register(program: Command): void {
  program
    .command('doctor')
    .description('check what this host can do and what it lacks')
    .addOption(formatOption(['text', 'json']))
    .addOption(jsonOption())
    .addHelpText('after', examples)
    .action(doctor);
}

async function doctor({ format }: { format: TextOrJson }): Promise<void> {
  const { checkBuildHost } = await import('../../build/doctor-build.ts');
  const { checkRunHost } = await import('../../jail/doctor-run.ts');
  const { checkObserveHost } = await import('../../observe/doctor-observe.ts');
  const groups = [
    { purpose: 'build', checks: await checkBuildHost(prodngPaths()) },
    { purpose: 'run', checks: await checkRunHost(prodngPaths()) },
    { purpose: 'observe', checks: checkObserveHost() },
  ];
  if (groups.some(({ checks }) => checks.some(({ ok }) => !ok))) process.exitCode = 1;
  print(format === 'json' ? `${JSON.stringify(groups, undefined, 2)}\n` : groups.map(groupText).join('\n'));
}

function groupText({ purpose, checks }: { purpose: string; checks: readonly HostCheck[] }): string {
  return `prodng ${purpose}:\n${checks.map(checkText).join('')}`;
}

function checkText({ name, ok, detail, costs, fix }: HostCheck): string {
  const line = `  ${ok ? 'has  ' : 'LACKS'}  ${name}: ${detail}\n`;
  if (ok) return line;
  const without = costs === undefined ? '' : `         without it: ${costs}\n`;
  return `${line}${without}${fix === undefined ? '' : `         fix:         ${fix}\n`}`;
}
