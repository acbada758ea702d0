import type { Command } from 'commander';
import { countOption } from '../terminal/output.ts';
import { registerJailVerb } from './jail-verb.ts';

/** `prodng stop` */
export function register(program: Command): void {
  registerJailVerb(program, {
    verb: 'stop',
    description: 'stop jails, as Jail-Stop declares',
    examples: ['prodng stop web', 'prodng stop -t 60 web', 'prodng stop --all'],
    options: (command) =>
      command.option('-t, --time <seconds>', 'time until SIGKILL (default: as declared)', countOption),
    query: ({ time }) => (typeof time === 'number' ? `?timeout=${time}` : ''),
  });
}
