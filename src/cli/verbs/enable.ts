import type { Command } from 'commander';
import { registerOverrideVerb } from './override-verb.ts';

/** `prodng enable` */
export function register(program: Command): void {
  registerOverrideVerb(program, {
    verb: 'enable',
    description: 'start jails when the host boots',
    examples: ['prodng enable web', "prodng enable 'web@*'"],
    more: 'The state of the jails does not change until then. A jail that is neither enabled nor disabled runs after a boot if it\nshould run before.',
    overrides: { boot: true },
    state: 'enabled',
  });
}
