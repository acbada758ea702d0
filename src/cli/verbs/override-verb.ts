import type { Command } from 'commander';
import { agentClient, jailPath } from '../terminal/agent-client.ts';
import { formatOption, jsonOption, type OutputForm } from '../terminal/format.ts';
import { namedJails, patternHelp } from '../terminal/jail-names.ts';
import { reportJails } from './jail-verb.ts';

/** A command that sets one thing of each of the jails that are named. */
export interface OverrideVerb {
  verb: string;
  description: string;
  examples: readonly string[];
  more: string;
  /** null takes a setting back. */
  overrides: Readonly<Record<string, boolean | null>>;
  /** What a jail then is, for the report. */
  state: string;
}

export function registerOverrideVerb(program: Command, verb: OverrideVerb): void {
  program
    .command(verb.verb)
    .description(verb.description)
    .argument('[jail...]', 'names of jails')
    .option('--all', 'all installed jails')
    .addOption(formatOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `\nExamples:\n${verb.examples.map((line) => `  ${line}`).join('\n')}\n\n${verb.more}\n${patternHelp}`,
    )
    .action(async (given: string[], { format, all }: { format: OutputForm; all?: true }) => {
      const client = await agentClient();
      const work = async (name: string) => {
        await client.call('PATCH', jailPath(name, '/overrides'), verb.overrides);
        return { name, state: verb.state };
      };
      reportJails(await Promise.allSettled((await namedJails(client, given, all)).map(work)), format);
    });
}
