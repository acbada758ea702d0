import type { Command } from 'commander';
import type { JailSummary } from '../../agent/api/jail-view.ts';
import { agentClient } from '../terminal/agent-client.ts';
import { formatOption, jsonOption, type OutputForm } from '../terminal/format.ts';
import { type Column, duration, tableText } from '../terminal/output.ts';
import { print } from '../terminal/print.ts';

const examples = `
Examples:
  prodng ls
  prodng ls --json
  prodng ls --format name | xargs -n 1 prodng inspect`;

/** `prodng ls` */
export function register(program: Command): void {
  program
    .command('ls')
    .description('list installed jails')
    .addOption(formatOption())
    .addOption(jsonOption())
    .addHelpText('after', examples)
    .action(list);
}

const columns: Column<JailSummary>[] = [
  { title: 'NAME', text: ({ name }) => name, shrinks: true },
  { title: 'VERSION', text: ({ version }) => version, shrinks: true },
  { title: 'STATE', text: ({ state }) => state },
  { title: 'HEALTH', text: ({ health }) => (health === 'none' ? '-' : health) },
  { title: 'UP', text: ({ uptime }) => (uptime === undefined ? '-' : duration(uptime)) },
  { title: 'RESTARTS', text: ({ restarts }) => String(restarts) },
  { title: 'ADDRESS', text: ({ address }) => address?.replace(/\/.*$/, '') ?? '-' },
  {
    title: 'OBSERVED',
    text: ({ observed }) =>
      observed === undefined ? '-' : observed.fault === undefined ? observed.mode : 'FAILED',
  },
  {
    title: 'LAST EXIT',
    text: ({ lastExit }) => (lastExit === undefined ? '-' : exitText(lastExit)),
  },
];

/** The status, and why when it was not its own end: `137 oom`. */
function exitText({ status, reason }: NonNullable<JailSummary['lastExit']>): string {
  const why = reason === undefined || reason === 'exit' ? '' : ` ${reason}`;
  return `${status ?? '?'}${why}`;
}

async function list({ format }: { format: OutputForm }): Promise<void> {
  const client = await agentClient();
  const jails = (await client.call('GET', '/v1/jails')) as JailSummary[];
  if (format === 'json') print(`${JSON.stringify(jails, undefined, 2)}\n`);
  else if (format === 'name') print(jails.map(({ name }) => `${name}\n`).join(''));
  else print(tableText(jails, columns));
}
