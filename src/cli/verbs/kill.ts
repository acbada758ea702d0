import type { Command } from 'commander';
import type { JailSummary } from '../../agent/api/jail-view.ts';
import { agentClient, jailPath } from '../terminal/agent-client.ts';
import { formatOption, jsonOption, type OutputForm } from '../terminal/format.ts';
import { reportJails } from './jail-verb.ts';

const examples = `
Examples:
  prodng kill web
  prodng kill -s HUP web

Jail-Restart decides whether the jail is restarted afterwards. To keep it stopped, use: prodng stop`;

/** `prodng kill` */
export function register(program: Command): void {
  program
    .command('kill')
    .description('send a signal to jails')
    .argument('<jail...>', 'names of jails')
    .option('-s, --signal <signal>', 'signal name, with or without SIG', 'SIGKILL')
    .addOption(formatOption())
    .addOption(jsonOption())
    .addHelpText('after', examples)
    .action(kill);
}

async function kill(
  names: string[],
  { signal, format }: { signal: string; format: OutputForm },
): Promise<void> {
  const client = await agentClient();
  const upper = signal.toUpperCase();
  const body = { signal: upper.startsWith('SIG') ? upper : `SIG${upper}` };
  const work = async (name: string) =>
    (await client.call('POST', jailPath(name, '/kill'), body)) as JailSummary;
  reportJails(await Promise.allSettled(names.map(work)), format);
}
