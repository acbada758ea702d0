import type { Command } from 'commander';
import { registerJailVerb } from './jail-verb.ts';

/** `prodng freeze` */
export function register(program: Command): void {
  registerJailVerb(program, {
    verb: 'freeze',
    description: 'suspend jails (cgroup freezer)',
    examples: ['prodng freeze web'],
  });
}
