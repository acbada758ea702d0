import { type Command, Option } from 'commander';
import { agentClient } from '../terminal/agent-client.ts';
import { formatOption, jsonOption, type OutputForm } from '../terminal/format.ts';
import { namedJails, patternHelp } from '../terminal/jail-names.ts';
import { countOption } from '../terminal/output.ts';
import { type Condition, conditions, waitFor } from '../terminal/wait-for.ts';
import { reportJails } from './jail-verb.ts';

const examples = `
Examples:
  prodng wait web
  prodng wait --for healthy --timeout 30 web shop

${patternHelp}
A jail without a health check counts as healthy when it has run for two seconds. A jail that waits for its next start is
not stopped. The exit status is 1 if a jail is not in the state in time.`;

interface WaitFlags {
  for: Condition;
  timeout?: number;
  format: OutputForm;
}

/** `prodng wait` */
export function register(program: Command): void {
  program
    .command('wait')
    .description('wait until jails are in a state')
    .argument('<jail...>', 'names of jails')
    .addOption(new Option('--for <state>', 'the state to wait for').choices(conditions).default('stopped'))
    .option('--timeout <seconds>', 'time allowed (default: no limit)', countOption)
    .addOption(formatOption())
    .addOption(jsonOption())
    .addHelpText('after', examples)
    .action(wait);
}

async function wait(given: string[], { for: condition, timeout, format }: WaitFlags): Promise<void> {
  const client = await agentClient();
  const waiting = (await namedJails(client, given)).map(async (name) => {
    const { state, health, lastExit } = await waitFor(client, name, { condition, timeout });
    return { name, state, health, ...(lastExit === undefined ? {} : { lastExit }) };
  });
  reportJails(await Promise.allSettled(waiting), format);
}
