import type { Command } from 'commander';
import { registerJailVerb } from './jail-verb.ts';

/** `prodng freeze` */
export function register(program: Command): void {
  registerJailVerb(program, {
    verb: 'freeze',
    description: 'give the processes of jails no time until they are thawed',
    examples: ['prodng freeze web'],
  });
}
