import type { Command } from 'commander';
import type { JailDetail } from '../../agent/api/jail-view.ts';
import { agentClient, jailPath } from '../terminal/agent-client.ts';
import { formatOption, jsonOption, type OutputForm } from '../terminal/format.ts';
import { countOption } from '../terminal/output.ts';
import { print } from '../terminal/print.ts';

const examples = `
Examples:
  prodng rollback web
  prodng rollback --to 1.4-1 web

The new version must become healthy (Jail-Health) or, without a health check, stay up; otherwise the old version keeps
running and the exit status is 1. Jails with volumes or an address of their own are stopped during the switch; others
keep serving.`;

interface Flags {
  wait: number;
  to?: string;
  format: OutputForm;
}

/** `prodng rollback` */
export function register(program: Command): void {
  program
    .command('rollback')
    .description('return a jail to its previous version, or to another that is kept')
    .argument('<jail>', 'name of the jail')
    .option('--to <version>', 'the version, or the SHA-256 of its package; see prodng inspect')
    .option('--wait <seconds>', 'time allowed to become healthy', countOption, 60)
    .addOption(formatOption())
    .addOption(jsonOption())
    .addHelpText('after', examples)
    .action(rollback);
}

async function rollback(name: string, { wait, to, format }: Flags): Promise<void> {
  const client = await agentClient();
  const body = { patience: wait * 1000, ...(to === undefined ? {} : { to }) };
  const jail = (await client.call('POST', jailPath(name, '/rollback'), body)) as JailDetail;
  if (format === 'json') print(`${JSON.stringify(jail, undefined, 2)}\n`);
  else print(format === 'name' ? `${name}\n` : `${name} is at ${jail.version}, ${jail.state}\n`);
}
