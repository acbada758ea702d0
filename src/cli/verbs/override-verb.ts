import type { Command } from 'commander';
import { agentClient, jailPath } from '../terminal/agent-client.ts';
import { formatOption, jsonOption, type OutputForm } from '../terminal/format.ts';
import { namedJails, patternHelp } from '../terminal/jail-names.ts';
import { reportJails } from './jail-verb.ts';

/** A command that sets one thing of each of the jails that are named. */
interface OverrideVerb {
  verb: string;
  description: string;
  examples: readonly string[];
  more: string;
  /** null takes a setting back. */
  overrides: Readonly<Record<string, boolean | null>>;
  /** What a jail then is, for the report. */
  state: string;
}

function registerOverrideVerb(program: Command, verb: OverrideVerb): void {
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

function overrideVerb(verb: OverrideVerb): { register: (program: Command) => void } {
  return { register: (program) => registerOverrideVerb(program, verb) };
}

export const enable = overrideVerb({
  verb: 'enable',
  description: 'start jails when the host boots',
  examples: ['prodng enable web', "prodng enable 'web@*'"],
  more: 'The state of the jails does not change until then. A jail that is neither enabled nor disabled runs after a boot if it\nshould run before.',
  overrides: { boot: true },
  state: 'enabled',
});

export const disable = overrideVerb({
  verb: 'disable',
  description: 'do not start jails when the host boots',
  examples: ['prodng disable web', "prodng disable 'web@*'"],
  more: 'Running jails keep running, also when the agent restarts. They can be started as usual.',
  overrides: { boot: false },
  state: 'disabled',
});

export const hold = overrideVerb({
  verb: 'hold',
  description: 'keep jails at their version',
  examples: ['prodng hold web', "prodng hold 'web@*'"],
  more: 'prodng upgrade refuses a held jail. Rollback is possible.',
  overrides: { hold: true },
  state: 'held',
});

export const unhold = overrideVerb({
  verb: 'unhold',
  description: 'let jails be upgraded again',
  examples: ['prodng unhold web', "prodng unhold 'web@*'"],
  more: 'Reverts prodng hold.',
  overrides: { hold: null },
  state: 'not held',
});
