import { type Command, InvalidArgumentError } from 'commander';
import type { AgentClient } from '../../agent/client.ts';
import type { LogLine } from '../../agent/events/log-file.ts';
import { agentClient, jailPath, untilInterrupted } from '../terminal/agent-client.ts';
import { formatOption, jsonOption, type TextOrJson } from '../terminal/format.ts';
import { namedJails, patternHelp } from '../terminal/jail-names.ts';
import { countOption, printable } from '../terminal/output.ts';
import { isTerminal, print, standardError } from '../terminal/print.ts';
import { LineFilter, merged, type PrintedEntry, utcTime } from '../terminal/printed-line.ts';
import { timeHelp, timeOption } from '../terminal/time-option.ts';

const examples = `
Examples:
  prodng logs web
  prodng logs -f -n 20 web
  prodng logs --time web
  prodng logs --since 10min --grep 'error|fatal' web db
  prodng logs --utc --since 2026-01-31 --until "2026-01-31 12:00" 'web@*'

${patternHelp}
${timeHelp}

The lines of several jails are merged in the order of time, each with the name of its jail. Without -n, --since, --until
and --grep show all lines that are kept. --grep takes a JavaScript regular expression. The service's standard error goes
to standard error. JSON is one object per line, all on standard output.`;

const lossReason = 'the service wrote them faster than they were read, and they are no longer kept';

/** Lines without -n. */
const few = 100;
/** Lines that the agent gives at most. */
const most = 100_000;

interface LogFlags {
  follow?: true;
  lines?: number;
  time?: true;
  utc?: true;
  since?: string;
  until?: string;
  grep?: RegExp;
  format: TextOrJson;
}

/** `prodng logs` */
export function register(program: Command): void {
  program
    .command('logs')
    .description('show the output of jails')
    .argument('<jail...>', 'names of jails')
    .option('-f, --follow', 'follow new output')
    .option(
      '-n, --lines <count>',
      'number of lines to show from the end of each log (default: 100)',
      countOption,
    )
    .option('--since <time>', 'only lines from that time on', timeOption)
    .option('--until <time>', 'only lines before that time', timeOption)
    .option('--grep <pattern>', 'only lines that match', patternOption)
    .option('--time', 'show the time of each line')
    .option('--utc', 'show the time of each line in UTC')
    .addOption(formatOption(['text', 'json']))
    .addOption(jsonOption())
    .addHelpText('after', examples)
    .action(logs);
}

function patternOption(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch {
    throw new InvalidArgumentError('a regular expression');
  }
}

async function logs(given: string[], flags: LogFlags): Promise<void> {
  const client = await agentClient();
  const names = await namedJails(client, given);
  const write = writer(flags, names.length > 1);
  if (flags.follow === true) return followAll(client, names, flags, write);
  const { grep, lines } = flags;
  // of a pattern, the last lines that match are wanted: the agent gives all
  const query = queryOf(grep === undefined ? flags : { ...flags, lines: most });
  const each = names.map(async (jail) => {
    const found = (await client.call('GET', jailPath(jail, `/logs?${query}`))) as LogLine[];
    const entries = found.map((line) => ({ jail, ...line }));
    return grep === undefined ? entries : lastMatching(entries, grep, lines ?? most);
  });
  for (const entry of merged(await Promise.all(each))) write(entry);
}

function queryOf({ lines, since, until, grep }: LogFlags): string {
  const isOfAll = since !== undefined || until !== undefined || grep !== undefined;
  return String(
    new URLSearchParams({
      tail: String(Math.min(lines ?? (isOfAll ? most : few), most)),
      ...(since === undefined ? {} : { since }),
      ...(until === undefined ? {} : { until }),
    }),
  );
}

function lastMatching(entries: readonly PrintedEntry[], grep: RegExp, count: number): PrintedEntry[] {
  const filter = new LineFilter((text) => grep.test(text));
  const lines = entries.map((entry) => filter.take(entry)).filter((parts) => parts.length > 0);
  const rest = filter.rest();
  const all = rest.length === 0 ? lines : [...lines, rest];
  return all.slice(Math.max(0, all.length - count)).flat();
}

type Write = (entry: PrintedEntry) => void;

function writer({ time, utc, format }: LogFlags, isOfSeveral: boolean): Write {
  return (entry) => {
    if (format === 'json') return print(`${JSON.stringify(entry)}\n`);
    const { jail, stream, text, whole } = entry;
    const isError = stream === 'stderr';
    const shown = (isError ? standardError().isTTY : isTerminal()) ? printable(text) : text;
    const at = utc === true ? `${utcTime(entry.time)} ` : time === true ? `${entry.time} ` : '';
    const line = `${isOfSeveral ? `${jail} ` : ''}${at}${shown}${whole ? '\n' : ''}`;
    if (isError) standardError().write(line);
    else print(line);
  };
}

/** Until a signal, or until one of them fails. */
async function followAll(
  client: AgentClient,
  names: readonly string[],
  flags: LogFlags,
  write: Write,
): Promise<void> {
  const failed = new AbortController();
  const signal = AbortSignal.any([untilInterrupted(), failed.signal]);
  try {
    await Promise.all(names.map((jail) => followOne(client, jail, flags, { write, signal })));
  } finally {
    failed.abort();
  }
}

async function followOne(
  client: AgentClient,
  jail: string,
  flags: LogFlags,
  { write, signal }: { write: Write; signal: AbortSignal },
): Promise<void> {
  const { grep } = flags;
  const filter = grep === undefined ? undefined : new LineFilter((text) => grep.test(text));
  const query = queryOf(flags);
  const pathFrom = (last: string | undefined) =>
    jailPath(jail, last === undefined ? `/logs?${query}&follow=true` : `/logs?follow=true&after=${last}`);
  const gap = () => standardError().write('prodng: the agent is gone; waiting for it\n');
  for await (const { event, data } of client.follow(pathFrom, signal, gap)) {
    if (event === 'log') {
      const entry = { jail, ...(data as LogLine) };
      for (const one of filter?.take(entry) ?? [entry]) write(one);
    } else
      standardError().write(
        `prodng: ${(data as { bytes: number }).bytes} bytes were not shown: ${lossReason}\n`,
      );
  }
}
