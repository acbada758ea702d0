import { programName } from '../../command-line.ts';
import type { Found } from '../../finding.ts';
import type { DeclaredSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'pids-too-few',
  family: 'limits',
  severity: 'warning',
  certainty: 'likely',
  reads: 'declaration',
  summary: "the command's runtime needs more threads than are allowed",
  explanation:
    'Threads count as processes. Node.js starts 11 before the first line of a script runs, a Java ' +
    'machine some twenty, Erlang as many as there are CPUs and more.',
  fix: 'Declare Jail-Pids: 32 or more.',
  references: ['pthreads(7)', 'cgroups(7)'],
  triggers: { control: 'Jail-Command: /usr/bin/node /usr/share/hello/service.js\nJail-Pids: 4' },
  clean: { control: 'Jail-Command: /usr/bin/node /usr/share/hello/service.js\nJail-Pids: 32' },
  check,
};

const threads: Readonly<Record<string, number>> = {
  node: 11,
  nodejs: 11,
  java: 20,
  beam: 20,
  erl: 20,
  dotnet: 16,
};

function* check({ declaration: { command, pids } }: DeclaredSubject): Iterable<Found> {
  const name = programName(command);
  const needed = Object.hasOwn(threads, name) ? (threads[name] ?? 0) : 0;
  if (pids >= needed) return;
  const message = `Pids ${pids}: ${name} alone has ${needed} threads`;
  yield { message, context: String(pids), field: 'Pids' };
}
