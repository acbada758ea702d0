import type { Command } from 'commander';
import type { JailDetail, JailSummary } from '../../agent/api/jail-view.ts';
import type { AgentClient } from '../../agent/client.ts';
import type { LogLine } from '../../agent/events/log-file.ts';
import type { Stats } from '../../agent/metrics/stats.ts';
import { agentClient, jailPath } from '../terminal/agent-client.ts';
import { formatOption, jsonOption, type TextOrJson } from '../terminal/format.ts';
import { namedJails, patternHelp } from '../terminal/jail-names.ts';
import { countOption } from '../terminal/output.ts';
import { print } from '../terminal/print.ts';
import { type StatusFacts, statusText } from '../terminal/status-text.ts';

const examples = `
Examples:
  prodng status web
  prodng status -n 50 web
  prodng status

${patternHelp}
Without names, all jails are shown. The exit status is 1 if a jail that should run does not run or is unhealthy.`;

interface StatusFlags {
  lines: number;
  format: TextOrJson;
}

/** `prodng status` */
export function register(program: Command): void {
  program
    .command('status')
    .description('show the state of jails and the end of their logs')
    .argument('[jail...]', 'names of jails (default: all)')
    .option('-n, --lines <count>', 'number of lines of the log', countOption, 10)
    .addOption(formatOption(['text', 'json']))
    .addOption(jsonOption())
    .addHelpText('after', examples)
    .action(status);
}

async function status(given: string[], { lines, format }: StatusFlags): Promise<void> {
  const client = await agentClient();
  const names = await namedJails(client, given, given.length === 0);
  const facts = await Promise.all(names.map((name) => factsOf(client, name, lines)));
  if (format === 'json') print(`${JSON.stringify(facts, undefined, 2)}\n`);
  else print(facts.map(statusText).join('\n'));
  if (facts.some(({ jail }) => !isWell(jail))) process.exitCode = 1;
}

async function factsOf(client: AgentClient, name: string, lines: number): Promise<StatusFacts> {
  const jail = (await client.call('GET', jailPath(name))) as JailDetail;
  const log = (await client.call('GET', jailPath(name, `/logs?tail=${lines}`))) as LogLine[];
  const path = `/v1/stats?jail=${encodeURIComponent(name)}`;
  const [stats] = jail.pid === undefined ? [] : ((await client.call('GET', path)) as Stats[]);
  return { jail, stats, log };
}

function isWell({ desired, state, health }: JailSummary): boolean {
  return desired === 'stopped' || (state === 'running' && health !== 'unhealthy');
}
