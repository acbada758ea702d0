import { readdirSync } from 'node:fs';
import type { Command } from 'commander';
import { ProdngError } from '../../error/prodng-error.ts';
import type { ScanResult } from '../../evidence/scan/yara.ts';
import { prodngPaths } from '../../system/paths.ts';
import { formatOption, jsonOption } from '../terminal/format.ts';
import { printable } from '../terminal/output.ts';
import { print } from '../terminal/print.ts';

interface ScanFlags {
  rules: string;
  memory?: true;
  all?: true;
  format: 'text' | 'json' | 'sarif';
}

const examples = `
Examples:
  prodng scan web --rules rules.yar
  prodng scan web --memory --rules rules.yar
  prodng scan hello_1.0_amd64.deb --rules /etc/prodng/yara --format sarif
  prodng scan --all

The engine is Debian's yara. The files of a .deb are scanned in memory. Jails are read as root, with or without an agent.

Exit status: 0 nothing matches, 1 something does, 2 when not everything could be scanned.`;

/** `prodng scan` */
export function register(program: Command): void {
  program
    .command('scan')
    .description('match YARA rules with the files and memory of jails, or with .debs')
    .argument('[target...]', 'jails and .debs')
    .option('--all', 'all installed jails')
    .option('--rules <path>', 'a file of rules, or a folder of .yar and .yara files', '/etc/prodng/yara')
    .option('--memory', 'the memory of the processes of jails too')
    .addOption(formatOption(['text', 'json', 'sarif']))
    .addOption(jsonOption())
    .addHelpText('after', examples)
    .action(scan);
}

async function scan(names: string[], { rules: path, memory, all, format }: ScanFlags, command: Command) {
  const { agentPaths } = await import('../../agent/state/agent-paths.ts');
  const { subjectOnDisk } = await import('../../agent/evidence/subject-on-disk.ts');
  const { debTargets, jailTargets, memoryTargets } = await import('../../evidence/scan/targets.ts');
  const { YaraRules } = await import('../../evidence/scan/yara.ts');
  const paths = agentPaths(prodngPaths());
  const targets = all === true ? [...names, ...installed(paths.jails)] : names;
  if (targets.length === 0)
    throw new ProdngError('USAGE', 'scan: nothing to scan', { hint: 'name jails or .debs, or say --all' });
  const rules = await YaraRules.compile(path);
  const total: ScanResult = { scanned: 0, bytes: 0, matches: [] };
  const add = ({ scanned, bytes, matches }: ScanResult) => {
    total.scanned += scanned;
    total.bytes += bytes;
    total.matches.push(...matches);
  };
  try {
    for (const target of targets) {
      if (target.endsWith('.deb')) {
        add(await rules.scan(debTargets(target)));
        continue;
      }
      const subject = await subjectOnDisk(target, paths);
      if (memory === true && subject.run === undefined)
        throw new ProdngError('JAIL_STATE', `${target} does not run: it has no memory to scan`);
      add(await rules.scan(jailTargets(subject)));
      if (memory === true) add(await rules.scan(memoryTargets(subject)));
    }
  } finally {
    rules.close();
  }
  if (total.scanned === 0) throw new ProdngError('USAGE', 'scan: there was nothing in it to scan');
  if (total.matches.length > 0) process.exitCode = 1;
  await report(total, format, command.parent?.version() ?? '');
}

async function report(result: ScanResult, format: ScanFlags['format'], version: string): Promise<void> {
  if (format === 'json') return print(`${JSON.stringify(result)}\n`);
  if (format === 'sarif') {
    const { scanSarif } = await import('../../evidence/scan/scan-report.ts');
    return print(scanSarif(result, version));
  }
  for (const { rule, target } of result.matches) print(`${printable(target)}: ${rule}\n`);
  print(`${result.scanned} files and pieces of memory, ${result.matches.length} matches\n`);
}

function installed(folder: string): string[] {
  return readdirSync(folder)
    .flatMap((name) => /^([^.].*)\.json$/.exec(name)?.[1] ?? [])
    .toSorted();
}
