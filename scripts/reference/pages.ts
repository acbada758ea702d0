import { eventKinds } from '../../src/agent/events/event-kinds.ts';
import { errorCodes } from '../../src/error/codes.ts';
import { variables } from './environment.ts';

/** docs/error-codes.md */
export function errorPage(): string {
  const rows = Object.entries(errorCodes).map(([code, { exit, meaning }]) => [
    `\`${code}\``,
    `${exit}`,
    meaning,
  ]);
  return `# Error codes

${made('src/error/codes.ts')}

A command that fails prints \`prodng: MESSAGE\` and a hint to standard error. With \`--format json\` it prints
\`{"error": {"code", "message", "hint"}}\` instead, and so does the agent's API. A code is never renamed or reused.

The exit status of the command line follows from the code: 1 a finding or mismatch, 2 wrong usage or configuration, or the
host cannot do it, 3 an internal fault. \`prodng run\` and \`prodng exec\` exit with the status of the program.

${table(['code', 'exit status', 'meaning'], rows)}`;
}

/** docs/events.md */
export function eventPage(): string {
  const rows = Object.entries(eventKinds).map(([kind, { meaning, detail }]) => [
    `\`${kind}\``,
    meaning,
    detail === '' ? '' : detail.startsWith('the ') ? detail : `\`${detail.replaceAll(', ', '`, `')}\``,
  ]);
  return `# Events

${made('src/agent/events/event-kinds.ts')}

\`prodng events\` shows them, \`prodng events -f\` follows them, and so does \`/v1/events?follow=true\` of the API. Each has
\`seq\` (counts from 1), \`time\` (ISO 8601, UTC), \`kind\`, \`jail\` if it is about one, \`by\` if somebody asked for it (\`uid 0\`,
or the name in a client certificate), \`detail\`, and the hashes that chain the log: [the event log](agent.md#the-log-of-events).
A kind is never renamed or reused. Not every event of a kind has all keys of its \`detail\`.

${table(['kind', 'meaning', 'detail'], rows)}`;
}

/** docs/environment.md */
export function environmentPage(): string {
  const rows = variables.map(({ name, meaning, standard }) => [`\`${name}\``, meaning, standard]);
  return `# Environment variables

${made('scripts/reference/environment.ts')}

Folders are absolute paths. Builds and services do not inherit the environment: a service has the variables that
\`Jail-Environment\` declares.

${table(['variable', 'meaning', 'default'], rows)}`;
}

function made(from: string): string {
  return `<!-- Made by \`npm run docs\` from ${from}. Do not edit. -->`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
  return [line(head), `|${head.map(() => '---|').join('')}\n`, ...rows.map(line)].join('');
}
