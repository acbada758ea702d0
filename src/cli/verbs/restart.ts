import type { Command } from 'commander';
import { registerJailVerb } from './jail-verb.ts';

/** `prodng restart` */
export function register(program: Command): void {
  registerJailVerb(program, {
    verb: 'restart',
    description: 'restart jails',
    examples: ['prodng restart web'],
  });
}
