import type { Command } from 'commander';
import type { JailSummary } from '../../agent/api/jail-view.ts';
import { agentClient, jailPath } from '../terminal/agent-client.ts';
import { type OutputFormat, outputOption } from '../terminal/output.ts';
import { reportJails } from './jail-verb.ts';

const examples = `
Examples:
  prodng kill web
  prodng kill -s HUP web

What comes after its end, Jail-Restart decides. To have it stay down: prodng stop.`;

/** `prodng kill` */
export function register(program: Command): void {
  program
    .command('kill')
    .description('send a signal to jails')
    .argument('<jail...>', 'their names')
    .option('-s, --signal <signal>', 'its name, with or without SIG', 'SIGKILL')
    .addOption(outputOption())
    .addHelpText('after', examples)
    .action(kill);
}

async function kill(
  names: string[],
  { signal, output }: { signal: string; output: OutputFormat },
): Promise<void> {
  const client = await agentClient();
  const upper = signal.toUpperCase();
  const body = { signal: upper.startsWith('SIG') ? upper : `SIG${upper}` };
  const work = async (name: string) =>
    (await client.call('POST', jailPath(name, '/kill'), body)) as JailSummary;
  reportJails(await Promise.allSettled(names.map(work)), output);
}
