import type { Command } from 'commander';
import type { JailSummary } from '../../agent/api/jail-view.ts';
import type { AgentClient } from '../../agent/client.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import { agentClient, jailPath } from '../terminal/agent-client.ts';
import { formatOption, jsonOption, type OutputForm } from '../terminal/format.ts';
import { namedJails, patternHelp } from '../terminal/jail-names.ts';
import { print, standardError } from '../terminal/print.ts';

/** Values of a verb's own options, as commander stores them. */
export type VerbFlags = Readonly<Record<string, unknown>>;

/** A command that does one thing to each of the jails that are named. */
export interface JailVerb {
  /** Also the operation's name in the API. */
  verb: string;
  description: string;
  examples: readonly string[];
  /** Added to the help text. */
  more?: string;
  /** Adds options of its own. */
  options?: (command: Command) => void;
  /** Query string of the request. */
  query?: (flags: VerbFlags) => string;
  /** Called for each jail once the agent has answered. Returns the jail to report. */
  after?: (client: AgentClient, jail: JailSummary, flags: VerbFlags) => Promise<JailSummary>;
}

export function registerJailVerb(program: Command, jailVerb: JailVerb): void {
  const { verb, description, examples, more, options, query, after } = jailVerb;
  const lines = examples.map((line) => `  ${line.trim()}`);
  const command = program
    .command(verb)
    .description(description)
    .argument('[jail...]', 'names of jails')
    .option('--all', 'all installed jails');
  options?.(command);
  command
    .addOption(formatOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `\nExamples:\n${lines.join('\n')}\n\n${[patternHelp, ...(more === undefined ? [] : [more])].join('\n')}`,
    )
    .action(async (given: string[], flags: { format: OutputForm; all?: true }) => {
      const client = await agentClient();
      const own = { ...flags };
      const work = async (name: string) => {
        const path = jailPath(name, `/${verb}${query?.(own) ?? ''}`);
        const jail = (await client.call('POST', path)) as JailSummary;
        return after === undefined ? jail : after(client, jail, own);
      };
      const names = await namedJails(client, given, flags.all);
      reportJails(await Promise.allSettled(names.map(work)), flags.format);
    });
}

/**
 * Prints the state of each jail.
 *
 * @throws the first failure, once everything else has been printed
 */
export function reportJails(
  results: readonly PromiseSettledResult<{ name: string; state: string }>[],
  format: OutputForm,
): void {
  const jails = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const faults = results.flatMap((result) =>
    result.status === 'rejected' ? [result.reason as unknown] : [],
  );
  if (format === 'json') print(`${JSON.stringify(jails, undefined, 2)}\n`);
  else for (const { name, state } of jails) print(format === 'name' ? `${name}\n` : `${name} is ${state}\n`);
  const [first, ...others] = faults;
  if (first === undefined) return;
  const messages = others.map((error) => (error instanceof ProdngError ? error.message : String(error)));
  for (const message of messages) standardError().write(`prodng: ${message}\n`);
  throw first;
}

/** A command without options of its own. */
function plainVerb(verb: JailVerb): { register: (program: Command) => void } {
  return { register: (program) => registerJailVerb(program, verb) };
}

export const restart = plainVerb({
  verb: 'restart',
  description: 'restart jails',
  examples: ['prodng restart web'],
});

export const freeze = plainVerb({
  verb: 'freeze',
  description: 'suspend jails (cgroup freezer)',
  examples: ['prodng freeze web'],
});

export const thaw = plainVerb({
  verb: 'thaw',
  description: 'resume frozen jails',
  examples: ['prodng thaw web'],
});
