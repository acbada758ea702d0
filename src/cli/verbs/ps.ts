import type { Command } from 'commander';
import type { JailProcess } from '../../agent/metrics/processes.ts';
import type { Stats } from '../../agent/metrics/stats.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import { agentClient, jailPath } from '../terminal/agent-client.ts';
import { formatOption, jsonOption, type OutputForm } from '../terminal/format.ts';
import { observedColumns } from '../terminal/observed-columns.ts';
import { type Column, tableText } from '../terminal/output.ts';
import { print } from '../terminal/print.ts';
import { short } from '../terminal/rates.ts';

const examples = `
Examples:
  prodng ps
  prodng ps web
  prodng ps --observed web
  prodng ps --json web api

Without names it lists the processes of all running jails, like -a.

With --observed: the capabilities that each process has used and was denied, its connections, the programs that it has
executed, and, in mode record, the system calls that were refused and the files that it has opened.`;

interface PsFlags {
  all?: true;
  observed?: true;
  format: OutputForm;
}

/** `prodng ps` */
export function register(program: Command): void {
  program
    .command('ps')
    .description('list the processes of jails')
    .argument('[jail...]', 'names of running jails')
    .option('-a, --all', 'list the processes of all running jails')
    .option('--observed', 'show what was observed of each process')
    .addOption(formatOption())
    .addOption(jsonOption())
    .addHelpText('after', examples)
    .action(ps);
}

interface Row extends JailProcess {
  jail: string;
}

const columns: Column<Row>[] = [
  { title: 'JAIL', text: ({ jail }) => jail, shrinks: true },
  { title: 'PID', text: ({ pid }) => String(pid) },
  { title: 'IN JAIL', text: ({ jailPid }) => String(jailPid) },
  { title: 'S', text: ({ state }) => state },
  { title: 'THREADS', text: ({ threads }) => String(threads) },
  { title: 'FILES', text: ({ files }) => String(files) },
  { title: 'MEMORY', text: ({ resident }) => short(resident) },
  { title: 'CPU', text: ({ cpu }) => `${(cpu / 1000).toFixed(2)}s` },
  { title: 'COMMAND', text: ({ command }) => command },
];

const columnsOfObserved: Column<Row>[] = [
  { title: 'JAIL', text: ({ jail }) => jail, shrinks: true },
  { title: 'PID', text: ({ pid }) => String(pid) },
  ...observedColumns,
  { title: 'COMMAND', text: ({ command }) => command },
];

async function ps(names: string[], { all, format, observed }: PsFlags): Promise<void> {
  if (all === true && names.length > 0) throw new ProdngError('USAGE', 'ps: --all takes no names of jails');
  const rows = names.length === 0 ? await ofAll() : (await Promise.all(names.map(ofJail))).flat();
  if (format === 'json') print(`${JSON.stringify(rows, undefined, 2)}\n`);
  else if (format === 'name') print(rows.map(({ pid }) => `${pid}\n`).join(''));
  else print(tableText(rows, observed === true ? columnsOfObserved : columns));
}

async function ofJail(jail: string): Promise<Row[]> {
  const client = await agentClient();
  const processes = (await client.call('GET', jailPath(jail, '/processes'))) as JailProcess[];
  return processes.map((one) => ({ jail, ...one }));
}

async function ofAll(): Promise<Row[]> {
  const client = await agentClient();
  const jails = (await client.call('GET', '/v1/stats?processes=true')) as Stats[];
  return jails.flatMap(({ name, processes = [] }) => processes.map((one) => ({ jail: name, ...one })));
}
