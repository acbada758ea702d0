import type { Command } from 'commander';
import { registerOverrideVerb } from './override-verb.ts';

/** `prodng hold` */
export function register(program: Command): void {
  registerOverrideVerb(program, {
    verb: 'hold',
    description: 'keep jails at their version',
    examples: ['prodng hold web', "prodng hold 'web@*'"],
    more: 'prodng upgrade refuses a held jail. Rollback is possible.',
    overrides: { hold: true },
    state: 'held',
  });
}
