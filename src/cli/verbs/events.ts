import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { type Command, InvalidArgumentError } from 'commander';
import type { EventRecord } from '../../agent/events/event-record.ts';
import type { EventVerdict } from '../../agent/events/verify-events.ts';
import { ProdngError, reasonOf } from '../../error/prodng-error.ts';
import { agentClient, untilInterrupted } from '../terminal/agent-client.ts';
import { formatOption, jsonOption, type TextOrJson } from '../terminal/format.ts';
import { countOption, printable } from '../terminal/output.ts';
import { print, standardError } from '../terminal/print.ts';

const examples = `
Examples:
  prodng events
  prodng events -f
  prodng events --verify
  prodng events --verify --known 6ab0...
  prodng events --verify --file copy-of-events.jsonl

--verify detects records that were edited, removed, reordered or truncated. Someone who can write the log and its head
file can still rewrite the whole chain: keep the hash that --verify prints elsewhere, and pass it as --known later.

Exit status of --verify: 0 the chain is intact, 1 it is not.`;

interface EventFlags {
  follow?: true;
  lines: number;
  verify?: true;
  known?: string;
  file?: string;
  format: TextOrJson;
}

/** `prodng events` */
export function register(program: Command): void {
  program
    .command('events')
    .description('show the event log, and verify that it was not changed')
    .option('-f, --follow', 'follow new events')
    .option('-n, --lines <count>', 'number of events to show from the end', countOption, 100)
    .option('--verify', 'verify the hash chain')
    .option('--known <hash>', 'with --verify: require a record with this hash', hashOption)
    .option('--file <path>', 'with --verify: verify this copy of the log, without the agent')
    .addOption(formatOption(['text', 'json']))
    .addOption(jsonOption())
    .addHelpText('after', examples)
    .action(events);
}

async function events({ follow, lines, verify, known, file, format }: EventFlags): Promise<void> {
  if (verify === true) {
    report(await verdictOf(known, file), format === 'json');
    return;
  }
  if (known !== undefined || file !== undefined)
    throw new ProdngError('USAGE', 'events: --known and --file require --verify');
  const client = await agentClient();
  const write = (event: EventRecord) =>
    print(`${format === 'json' ? JSON.stringify(event) : eventText(event)}\n`);
  const path = `/v1/events?tail=${lines}`;
  if (follow !== true) {
    for (const event of (await client.call('GET', path)) as EventRecord[]) write(event);
    return;
  }
  const pathFrom = (last: string | undefined) =>
    last === undefined ? `${path}&follow=true` : `/v1/events?follow=true&after=${last}`;
  const gap = () => standardError().write('prodng: the agent is gone; waiting for it\n');
  for await (const { data } of client.follow(pathFrom, untilInterrupted(), gap)) write(data as EventRecord);
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
  else if (broken === undefined) print(`${records} records, chain intact; head ${head}\n`);
  else print(`line ${broken.line}: ${broken.why}; the ${records} records before it are intact\n`);
}
