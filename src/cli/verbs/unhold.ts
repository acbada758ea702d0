import type { Command } from 'commander';
import { registerOverrideVerb } from './override-verb.ts';

/** `prodng unhold` */
export function register(program: Command): void {
  registerOverrideVerb(program, {
    verb: 'unhold',
    description: 'let jails be upgraded again',
    examples: ['prodng unhold web', "prodng unhold 'web@*'"],
    more: 'Reverts prodng hold.',
    overrides: { hold: null },
    state: 'not held',
  });
}
