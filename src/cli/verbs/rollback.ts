import type { Command } from 'commander';
import type { JailDetail } from '../../agent/api/jail-view.ts';
import { agentClient, jailPath } from '../terminal/agent-client.ts';
import { countOption, type OutputFormat, outputOption } from '../terminal/output.ts';
import { print } from '../terminal/print.ts';

const examples = `
Examples:
  prodng rollback web

The new version must prove healthy, by Jail-Health or by staying up; else the old one goes on, and the exit status
is 1. A jail with volumes or an address of its own is down meanwhile; any other is not.`;

interface Flags {
  wait: number;
  output: OutputFormat;
}

/** `prodng rollback` */
export function register(program: Command): void {
  program
    .command('rollback')
    .description('take a jail back to the version before')
    .argument('<jail>', 'its name')
    .option('--wait <seconds>', 'how long it may take to prove healthy', countOption, 60)
    .addOption(outputOption())
    .addHelpText('after', examples)
    .action(rollback);
}

async function rollback(name: string, { wait, output }: Flags): Promise<void> {
  const client = await agentClient();
  const body = { patience: wait * 1000 };
  const jail = (await client.call('POST', jailPath(name, '/rollback'), body)) as JailDetail;
  if (output === 'json') print(`${JSON.stringify(jail, undefined, 2)}\n`);
  else print(output === 'name' ? `${name}\n` : `${name} is at ${jail.version}, ${jail.state}\n`);
}
