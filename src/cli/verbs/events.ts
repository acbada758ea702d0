import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { type Command, InvalidArgumentError } from 'commander';
import type { EventRecord } from '../../agent/events/event-record.ts';
import type { EventVerdict } from '../../agent/events/verify-events.ts';
import { ProdngError, reasonOf } from '../../error/prodng-error.ts';
import { agentClient, untilInterrupted } from '../terminal/agent-client.ts';
import { countOption, printable } from '../terminal/output.ts';
import { print } from '../terminal/print.ts';

const examples = `
Examples:
  prodng events
  prodng events -f
  prodng events --verify
  prodng events --verify --known 6ab0...
  prodng events --verify --file copy-of-events.jsonl

--verify finds any record that was edited, removed, moved or cut off the end. Who may write to the log and to the
file beside it can write all of it anew from its start: note down elsewhere the hash that --verify prints, and give it
as --known later.

Exit status of --verify: 0 when every record is as it was written, 1 otherwise.`;

interface EventFlags {
  follow?: true;
  lines: number;
  verify?: true;
  known?: string;
  file?: string;
  json?: true;
}

/** `prodng events` */
export function register(program: Command): void {
  program
    .command('events')
    .description('show what has happened to the jails, and prove that nothing was changed')
    .option('-f, --follow', 'and what happens from now on')
    .option('-n, --lines <count>', 'so many of the last events', countOption, 100)
    .option('--verify', 'check every record against the one before')
    .option('--known <hash>', 'with --verify: this must be the hash of one of the records', hashOption)
    .option('--file <path>', 'with --verify: check this copy of the log, without the agent')
    .option('--json', 'as JSON, one record a line')
    .addHelpText('after', examples)
    .action(events);
}

async function events({ follow, lines, verify, known, file, json }: EventFlags): Promise<void> {
  if (verify === true) {
    report(await verdictOf(known, file), json === true);
    return;
  }
  if (known !== undefined || file !== undefined)
    throw new ProdngError('USAGE', 'events: --known and --file belong to --verify');
  const client = await agentClient();
  const write = (event: EventRecord) =>
    print(`${json === true ? JSON.stringify(event) : eventText(event)}\n`);
  const path = `/v1/events?tail=${lines}`;
  if (follow !== true) {
    for (const event of (await client.call('GET', path)) as EventRecord[]) write(event);
    return;
  }
  for await (const { data } of client.stream(`${path}&follow=true`, untilInterrupted()))
    write(data as EventRecord);
}

async function verdictOf(known: string | undefined, file: string | undefined): Promise<EventVerdict> {
  if (file === undefined) {
    const query = known === undefined ? '' : `?known=${known}`;
    return (await (await agentClient()).call('GET', `/v1/events/verify${query}`)) as EventVerdict;
  }
  const { verifyEvents } = await import('../../agent/events/verify-events.ts');
  await access(file, constants.R_OK).catch((cause: unknown) => {
    throw new ProdngError('IO', `${file}: cannot be read: ${reasonOf(cause)}`, { cause });
  });
  return verifyEvents(file, known === undefined ? {} : { known });
}

function hashOption(text: string): string {
  if (/^[0-9a-f]{64}$/.test(text)) return text;
  throw new InvalidArgumentError('a SHA-256 has 64 of 0-9 and a-f');
}

function eventText({ time, kind, jail, by, detail }: EventRecord): string {
  const facts = Object.entries(detail ?? {}).map(([name, value]) => `${name}=${value}`);
  const who = by === undefined ? [] : [`by ${by}`];
  return printable([time.slice(0, 19), jail ?? '-', kind, ...facts, ...who].join('  '));
}

function report(verdict: EventVerdict, json: boolean): void {
  const { records, head, broken } = verdict;
  if (broken !== undefined) process.exitCode = 1;
  if (json) print(`${JSON.stringify(verdict)}\n`);
  else if (broken === undefined) print(`${records} records, none changed; the last is ${head}\n`);
  else print(`line ${broken.line}: ${broken.why}; the ${records} before it are as they were written\n`);
}
