import type { Command } from 'commander';
import { registerJailVerb } from './jail-verb.ts';

/** `prodng thaw` */
export function register(program: Command): void {
  registerJailVerb(program, {
    verb: 'thaw',
    description: 'resume frozen jails',
    examples: ['prodng thaw web'],
  });
}
