import type { Command } from 'commander';
import { registerJailVerb } from './jail-verb.ts';

/** `prodng start` */
export function register(program: Command): void {
  registerJailVerb(program, {
    verb: 'start',
    description: 'start jails',
    examples: ['prodng start web', 'prodng start web@1 web@2'],
  });
}
