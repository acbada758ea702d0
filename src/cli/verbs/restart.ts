import type { Command } from 'commander';
import { registerJailVerb } from './jail-verb.ts';

/** `prodng restart` */
export function register(program: Command): void {
  registerJailVerb(program, {
    verb: 'restart',
    description: 'stop and start jails',
    examples: ['prodng restart web'],
  });
}
