import type { Command } from 'commander';
import { registerJailVerb } from './jail-verb.ts';

/** `prodng stop` */
export function register(program: Command): void {
  registerJailVerb(program, {
    verb: 'stop',
    description: 'stop jails, as Jail-Stop declares',
    examples: ['prodng stop web'],
  });
}
