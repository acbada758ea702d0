import type { Command } from 'commander';
import type { JailProcess } from '../../agent/metrics/processes.ts';
import { agentClient, jailPath } from '../terminal/agent-client.ts';
import { formatOption, jsonOption, type OutputForm } from '../terminal/format.ts';
import { type Column, tableText } from '../terminal/output.ts';
import { print } from '../terminal/print.ts';
import { short } from '../terminal/usage.ts';

const examples = `
Examples:
  prodng ps web
  prodng ps --json web`;

/** `prodng ps` */
export function register(program: Command): void {
  program
    .command('ps')
    .description('list the processes of a jail')
    .argument('<jail>', 'name of the jail')
    .addOption(formatOption())
    .addOption(jsonOption())
    .addHelpText('after', examples)
    .action(ps);
}

const columns: Column<JailProcess>[] = [
  { title: 'PID', text: ({ pid }) => String(pid) },
  { title: 'IN JAIL', text: ({ jailPid }) => String(jailPid) },
  { title: 'S', text: ({ state }) => state },
  { title: 'THREADS', text: ({ threads }) => String(threads) },
  { title: 'FILES', text: ({ files }) => String(files) },
  { title: 'MEMORY', text: ({ resident }) => short(resident) },
  { title: 'CPU', text: ({ cpu }) => `${(cpu / 1000).toFixed(2)}s` },
  { title: 'COMMAND', text: ({ command }) => command },
];

async function ps(name: string, { format }: { format: OutputForm }): Promise<void> {
  const client = await agentClient();
  const processes = (await client.call('GET', jailPath(name, '/processes'))) as JailProcess[];
  if (format === 'json') print(`${JSON.stringify(processes, undefined, 2)}\n`);
  else if (format === 'name') print(processes.map(({ pid }) => `${pid}\n`).join(''));
  else print(tableText(processes, columns));
}
