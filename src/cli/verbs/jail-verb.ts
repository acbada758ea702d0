import type { Command } from 'commander';
import type { JailSummary } from '../../agent/api/jail-view.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import { agentClient, jailPath } from '../terminal/agent-client.ts';
import { type OutputFormat, outputOption } from '../terminal/output.ts';
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
    .argument('<jail...>', 'their names')
    .addOption(outputOption())
    .addHelpText('after', `\nExamples:\n${examples.map((line) => `  ${line.trim()}`).join('\n')}`)
    .action(async (names: string[], { output }: { output: OutputFormat }) => {
      const client = await agentClient();
      const work = async (name: string) =>
        (await client.call('POST', jailPath(name, `/${verb}`))) as JailSummary;
      reportJails(await Promise.allSettled(names.map(work)), output);
    });
}

/**
 * Says how each jail stands now.
 *
 * @throws the first failure, once everything else has been said
 */
export function reportJails(
  results: readonly PromiseSettledResult<{ name: string; state: string }>[],
  output: OutputFormat,
): void {
  const jails = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const faults = results.flatMap((result) =>
    result.status === 'rejected' ? [result.reason as unknown] : [],
  );
  if (output === 'json') print(`${JSON.stringify(jails, undefined, 2)}\n`);
  else for (const { name, state } of jails) print(output === 'name' ? `${name}\n` : `${name} is ${state}\n`);
  const [first, ...others] = faults;
  if (first === undefined) return;
  const messages = others.map((error) => (error instanceof ProdngError ? error.message : String(error)));
  for (const message of messages) standardError().write(`prodng: ${message}\n`);
  throw first;
}
