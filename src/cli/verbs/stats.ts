import type { Command } from 'commander';
import type { Stats } from '../../agent/metrics/stats.ts';
import { agentClient } from '../terminal/agent-client.ts';
import { formatOption, jsonOption, type OutputForm } from '../terminal/format.ts';
import { observedJailColumns } from '../terminal/observed-columns.ts';
import { tableText } from '../terminal/output.ts';
import { print } from '../terminal/print.ts';
import { statsColumns, type Usage, usageOf } from '../terminal/rates.ts';

const examples = `
Examples:
  prodng stats
  prodng stats --observed
  prodng stats --json

CPU is sampled over 0.5 s, in percent of one CPU.

With --observed: what all processes of each jail have done in this run, in the columns of prodng ps --observed.`;

/** `prodng stats` */
export function register(program: Command): void {
  program
    .command('stats')
    .description('show resource use of running jails')
    .option('--observed', 'show what was observed of each jail')
    .addOption(formatOption())
    .addOption(jsonOption())
    .addHelpText('after', examples)
    .action(stats);
}

interface StatsFlags {
  observed?: true;
  format: OutputForm;
}

async function stats({ observed, format }: StatsFlags): Promise<void> {
  const client = await agentClient();
  const read = async () => (await client.call('GET', '/v1/stats')) as Stats[];
  const before = await read();
  if (format === 'name') {
    print(before.map(({ name }) => `${name}\n`).join(''));
    return;
  }
  if (observed === true && format === 'text') {
    print(tableText(before, observedJailColumns));
    return;
  }
  await new Promise((resolve) => setTimeout(resolve, 500));
  const usage: Usage[] = usageOf(before, await read());
  if (format === 'json') print(`${JSON.stringify(usage, undefined, 2)}\n`);
  else print(tableText(usage, statsColumns));
}
