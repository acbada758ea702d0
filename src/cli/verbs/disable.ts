import type { Command } from 'commander';
import { registerOverrideVerb } from './override-verb.ts';

/** `prodng disable` */
export function register(program: Command): void {
  registerOverrideVerb(program, {
    verb: 'disable',
    description: 'do not start jails when the host boots',
    examples: ['prodng disable web', "prodng disable 'web@*'"],
    more: 'Running jails keep running, also when the agent restarts. They can be started as usual.',
    overrides: { boot: false },
    state: 'disabled',
  });
}
