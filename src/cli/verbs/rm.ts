import type { Command } from 'commander';
import { agentClient, jailPath } from '../terminal/agent-client.ts';
import { formatOption, jsonOption, type OutputForm } from '../terminal/format.ts';
import { reportJails } from './jail-verb.ts';

const examples = `
Examples:
  prodng rm web
  prodng rm --purge web

Volumes are kept for a later installation under the same name, unless --purge is given.`;

/** `prodng rm` */
export function register(program: Command): void {
  program
    .command('rm')
    .description('stop and remove jails')
    .argument('<jail...>', 'names of jails')
    .option('--purge', 'also remove their volumes')
    .addOption(formatOption())
    .addOption(jsonOption())
    .addHelpText('after', examples)
    .action(remove);
}

async function remove(
  names: string[],
  { purge, format }: { purge?: true; format: OutputForm },
): Promise<void> {
  const client = await agentClient();
  const work = async (name: string) => {
    await client.call('DELETE', jailPath(name, purge === true ? '?purge=true' : ''));
    return { name, state: 'removed' };
  };
  reportJails(await Promise.allSettled(names.map(work)), format);
}
