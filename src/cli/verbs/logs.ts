import type { Command } from 'commander';
import type { LogLine } from '../../agent/events/log-file.ts';
import { agentClient, jailPath, untilInterrupted } from '../terminal/agent-client.ts';
import { formatOption, jsonOption, type TextOrJson } from '../terminal/format.ts';
import { countOption, printable } from '../terminal/output.ts';
import { isTerminal, print, standardError } from '../terminal/print.ts';

const examples = `
Examples:
  prodng logs web
  prodng logs -f -n 20 web
  prodng logs --time web

The service's standard error goes to standard error. JSON is one object per line, all on standard output.`;

const lossReason = 'the service wrote them faster than they were read, and they are no longer kept';

interface LogFlags {
  follow?: true;
  lines: number;
  time?: true;
  format: TextOrJson;
}

/** `prodng logs` */
export function register(program: Command): void {
  program
    .command('logs')
    .description('show the output of a jail')
    .argument('<jail>', 'name of the jail')
    .option('-f, --follow', 'follow new output')
    .option('-n, --lines <count>', 'number of lines to show from the end', countOption, 100)
    .option('--time', 'show the time of each line')
    .addOption(formatOption(['text', 'json']))
    .addOption(jsonOption())
    .addHelpText('after', examples)
    .action(logs);
}

async function logs(name: string, { follow, lines, time, format }: LogFlags): Promise<void> {
  const client = await agentClient();
  const write = (line: LogLine) => {
    if (format === 'json') return print(`${JSON.stringify(line)}\n`);
    const isError = line.stream === 'stderr';
    const text = (isError ? standardError().isTTY : isTerminal()) ? printable(line.text) : line.text;
    const whole = `${time === true ? `${line.time} ` : ''}${text}${line.whole ? '\n' : ''}`;
    if (isError) standardError().write(whole);
    else print(whole);
  };
  const query = `/logs?tail=${lines}`;
  if (follow !== true) {
    for (const line of (await client.call('GET', jailPath(name, query))) as LogLine[]) write(line);
    return;
  }
  const pathFrom = (last: string | undefined) =>
    jailPath(name, last === undefined ? `${query}&follow=true` : `/logs?follow=true&after=${last}`);
  const gap = () => standardError().write('prodng: the agent is gone; waiting for it\n');
  for await (const { event, data } of client.follow(pathFrom, untilInterrupted(), gap)) {
    if (event === 'log') write(data as LogLine);
    else
      standardError().write(
        `prodng: ${(data as { bytes: number }).bytes} bytes were not shown: ${lossReason}\n`,
      );
  }
}
