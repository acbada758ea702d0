import type { Command } from 'commander';
import { countOption } from '../terminal/output.ts';
import { waitFor } from '../terminal/wait-for.ts';
import { registerJailVerb } from './jail-verb.ts';

/** Seconds that --wait waits. */
const patience = 60;

/** `prodng start` */
export function register(program: Command): void {
  registerJailVerb(program, {
    verb: 'start',
    description: 'start jails',
    examples: ['prodng start web', 'prodng start --wait --timeout 30 web@1 web@2', 'prodng start --all'],
    more: 'With --wait, the exit status is 1 if a jail exits for good or is not healthy in time.',
    options: (command) =>
      command
        .option('--wait', 'wait until the jails are healthy')
        .option('--timeout <seconds>', 'time allowed for --wait', countOption, patience),
    after: async (client, jail, { wait, timeout }) =>
      wait === true
        ? waitFor(client, jail.name, { condition: 'healthy', timeout: Number(timeout), untilEnd: true })
        : jail,
  });
}
