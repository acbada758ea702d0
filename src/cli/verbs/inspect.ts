import type { Command } from 'commander';
import { agentClient, jailPath } from '../terminal/agent-client.ts';
import { formatOption, jsonOption } from '../terminal/format.ts';
import { print } from '../terminal/print.ts';

const examples = `
Examples:
  prodng inspect web
  prodng inspect web | jq .declaration.memory
  prodng inspect web | jq '.exposure.rows[] | select(.points > 0)'`;

/** `prodng inspect` */
export function register(program: Command): void {
  program
    .command('inspect')
    .description('show the full state of a jail as JSON')
    .argument('<jail>', 'name of the jail')
    .addOption(formatOption(['json'], 'json'))
    .addOption(jsonOption())
    .addHelpText('after', examples)
    .action(async (name: string) => {
      const client = await agentClient();
      print(`${JSON.stringify(await client.call('GET', jailPath(name)), undefined, 2)}\n`);
    });
}
