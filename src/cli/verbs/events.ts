import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError } from 'commander';
import type { EventRecord } from '../../agent/events/event-record.ts';
import type { EventVerdict } from '../../agent/events/verify-events.ts';
import { ProdngError, reasonOf } from '../../error/prodng-error.ts';
import { prodngPaths } from '../../system/paths.ts';
import { agentClient, untilInterrupted } from '../terminal/agent-client.ts';
import { formatOption, jsonOption, type TextOrJson } from '../terminal/format.ts';
import { countOption, printable } from '../terminal/output.ts';
import { print, standardError } from '../terminal/print.ts';
import { collectValues, keysOf } from '../terminal/signing.ts';

const examples = `
Examples:
  prodng events
  prodng events -f
  prodng events -f --format ecs
  prodng events --verify
  prodng events --verify --known 6ab0...
  prodng events --verify --file copy-of-events.jsonl
  prodng events --checkpoint >> checkpoints.jsonl
  prodng events --verify --checkpoints checkpoints.jsonl --keyring host.asc

--format ecs prints one document of the Elastic Common Schema per line, for a SIEM.

--verify detects records that were edited, removed, reordered or truncated. Someone who can write the log and its head
file can still rewrite the whole chain: keep checkpoints, or the hash that --verify prints, on another host. The agent
sends checkpoints by itself where "checkpoints" of agent.json says so.

Exit status of --verify: 0 the chain is intact, 1 it is not.`;

interface EventFlags {
  follow?: true;
  lines: number;
  verify?: true;
  known?: string;
  file?: string;
  checkpoint?: true;
  checkpoints?: string;
  keyring?: string[];
  format: TextOrJson | 'ecs';
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
    .option('--checkpoint', 'print the head of the log, signed with the key of this host')
    .option('--checkpoints <file>', 'with --verify: require the records of these checkpoints')
    .option(
      '--keyring <file>',
      'with --checkpoints: public keys that count (default: own keys)',
      collectValues,
    )
    .addOption(formatOption(['text', 'json', 'ecs']))
    .addOption(jsonOption())
    .addHelpText('after', examples)
    .action(events);
}

async function events(flags: EventFlags): Promise<void> {
  const { follow, lines, verify, known, file, format } = flags;
  if (format === 'ecs' && (verify === true || flags.checkpoint === true))
    throw new ProdngError('USAGE', 'events: --format ecs is for events, not for --verify or --checkpoint');
  if (verify === true) {
    report(await verdictOf(flags), format === 'json');
    return;
  }
  if ([known, file, flags.checkpoints, flags.keyring].some((flag) => flag !== undefined))
    throw new ProdngError('USAGE', 'events: --known, --file, --checkpoints and --keyring require --verify');
  if (flags.checkpoint === true) {
    const envelope = await (await agentClient()).call('GET', '/v1/events/checkpoint');
    print(`${JSON.stringify(envelope)}\n`);
    return;
  }
  const client = await agentClient();
  const formatted = await formOf(format);
  const write = (event: EventRecord) => print(`${formatted(event)}\n`);
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

async function formOf(format: EventFlags['format']): Promise<(event: EventRecord) => string> {
  if (format === 'text') return eventText;
  if (format === 'json') return (event) => JSON.stringify(event);
  const { ecsOf } = await import('../../agent/events/ecs.ts');
  return (event) => JSON.stringify(ecsOf(event));
}

async function verdictOf({ known, file, checkpoints, keyring }: EventFlags): Promise<EventVerdict> {
  if (file === undefined && checkpoints === undefined) {
    const query = known === undefined ? '' : `?known=${known}`;
    return (await (await agentClient()).call('GET', `/v1/events/verify${query}`)) as EventVerdict;
  }
  const { verifyEvents } = await import('../../agent/events/verify-events.ts');
  const { agentPaths } = await import('../../agent/state/agent-paths.ts');
  // not through the agent: an attacker who rewrites its log controls its answers too
  const log = file ?? agentPaths(prodngPaths()).events;
  await access(log, constants.R_OK).catch((cause: unknown) => {
    throw new ProdngError('IO', `${log}: cannot be read: ${reasonOf(cause)}`, { cause });
  });
  return verifyEvents(log, {
    ...(known === undefined ? {} : { known }),
    ...(checkpoints === undefined ? {} : { checkpoints: await checkpointsOf(checkpoints, keyring) }),
  });
}

async function checkpointsOf(file: string, keyring: string[] | undefined) {
  const { readCheckpoints } = await import('../../agent/checkpoints/checkpoint.ts');
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new ProdngError('IO', `${file}: cannot be read: ${reasonOf(cause)}`, { cause });
  });
  return readCheckpoints(text, file, await keysOf(keyring));
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
