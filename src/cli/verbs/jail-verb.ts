import type { Command } from 'commander';
import type { JailSummary } from '../../agent/api/jail-view.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import { agentClient, jailPath } from '../terminal/agent-client.ts';
import { formatOption, jsonOption, type OutputForm } from '../terminal/format.ts';
import { print, standardError } from '../terminal/print.ts';

/** A command that does one thing to each of the jails that are named. */
export interface JailVerb {
  /** Also the operation's name in the API. */
  verb: string;
  description: string;
  examples: readonly string[];
}

export function registerJailVerb(program: Command, { verb, description, examples }: JailVerb): void {
  program
    .command(verb)
    .description(description)
    .argument('<jail...>', 'names of jails')
    .addOption(formatOption())
    .addOption(jsonOption())
    .addHelpText('after', `\nExamples:\n${examples.map((line) => `  ${line.trim()}`).join('\n')}`)
    .action(async (names: string[], { format }: { format: OutputForm }) => {
      const client = await agentClient();
      const work = async (name: string) =>
        (await client.call('POST', jailPath(name, `/${verb}`))) as JailSummary;
      reportJails(await Promise.allSettled(names.map(work)), format);
    });
}

/**
 * Says how each jail stands now.
 *
 * @throws the first failure, once everything else has been said
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
