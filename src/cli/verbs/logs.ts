import type { Command } from 'commander';
import type { LogLine } from '../../agent/events/log-file.ts';
import { agentClient, jailPath, untilInterrupted } from '../terminal/agent-client.ts';
import { countOption, printable } from '../terminal/output.ts';
import { standardError } from '../terminal/print.ts';

const examples = `
Examples:
  prodng logs web
  prodng logs -f -n 20 web
  prodng logs --time web

The service's standard error goes to standard error.`;

interface LogFlags {
  follow?: true;
  lines: number;
  time?: true;
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
    .addHelpText('after', examples)
    .action(logs);
}

async function logs(name: string, { follow, lines, time }: LogFlags): Promise<void> {
  const client = await agentClient();
  const write = (line: LogLine) => {
    const stream = line.stream === 'stderr' ? standardError() : process.stdout;
    const text = stream.isTTY ? printable(line.text) : line.text;
    stream.write(`${time === true ? `${line.time} ` : ''}${text}${line.whole ? '\n' : ''}`);
  };
  const query = `/logs?tail=${lines}`;
  if (follow !== true) {
    for (const line of (await client.call('GET', jailPath(name, query))) as LogLine[]) write(line);
    return;
  }
  for await (const { data } of client.stream(jailPath(name, `${query}&follow=true`), untilInterrupted()))
    write(data as LogLine);
}
