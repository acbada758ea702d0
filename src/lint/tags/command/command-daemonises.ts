import { daemonOption } from '../../command-line.ts';
import type { Found } from '../../finding.ts';
import type { DeclaredSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'command-daemonises',
  family: 'command',
  severity: 'warning',
  certainty: 'likely',
  reads: 'declaration',
  summary: 'the command puts itself into the background',
  explanation:
    'A jail ends when its first process does. A service that forks and exits is gone at once, or its ' +
    'processes are killed with the jail.',
  fix: 'Configure the program to stay in the foreground.',
  references: ['daemon(7)'],
  triggers: { control: 'Jail-Command: /usr/bin/redis-server --daemonize yes' },
  clean: { control: 'Jail-Command: /usr/bin/redis-server --daemonize no' },
  check,
};

function* check({ declaration: { command } }: DeclaredSubject): Iterable<Found> {
  const option = daemonOption(command);
  if (option === undefined) return;
  const message = `${option} puts the service into the background, where the jail ends with its first process`;
  yield { message, context: option, field: 'Command', at: option.split(' ')[0] ?? option };
}
