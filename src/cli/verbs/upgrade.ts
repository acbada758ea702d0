import type { Command } from 'commander';
import type { JailDetail } from '../../agent/api/jail-view.ts';
import { agentClient, jailPath } from '../terminal/agent-client.ts';
import { formatOption, jsonOption, type OutputForm } from '../terminal/format.ts';
import { countOption } from '../terminal/output.ts';
import { assertReadable, parseSource, sourceHelp } from '../terminal/package-source.ts';
import { print } from '../terminal/print.ts';

const examples = `
Examples:
  prodng upgrade web web_1.5-1_amd64.deb
  prodng upgrade web
  prodng upgrade web web=1.5-1
  prodng upgrade --accept web web_2.0-1_amd64.deb

The new version must become healthy (Jail-Health) or, without a health check, stay up; otherwise the old version keeps
running and the exit status is 1. Jails with volumes or an address of their own are stopped during the switch; others
keep serving.
${sourceHelp}
Without PACKAGE, the newest version of the jail's package in an archive is used.`;

interface Flags {
  wait: number;
  sha256?: string;
  format: OutputForm;
  accept?: true;
}

/** `prodng upgrade` */
export function register(program: Command): void {
  program
    .command('upgrade')
    .description('upgrade a jail to another version of its package')
    .argument('<jail>', 'name of the jail')
    .argument('[package]', 'the new version: a file, a URL, or a name (default: the newest in an archive)')
    .option('--sha256 <digest>', 'expected SHA-256 of the file at a URL')
    .option('--accept', 'consent to what the new version declares in addition')
    .option('--wait <seconds>', 'time allowed to become healthy', countOption, 60)
    .addOption(formatOption())
    .addOption(jsonOption())
    .addHelpText('after', examples)
    .action(upgrade);
}

async function upgrade(
  name: string,
  text: string | undefined,
  { wait, format, accept, sha256 }: Flags,
): Promise<void> {
  const client = await agentClient();
  // of an instance too: web@2 is of the package web
  const source = parseSource(
    text ?? name.split('@', 1)[0] ?? name,
    sha256,
    text === undefined ? () => false : undefined,
  );
  assertReadable(source, client);
  const body = { patience: wait * 1000, ...source, accept: accept === true };
  const jail = (await client.call('POST', jailPath(name, '/upgrade'), body)) as JailDetail;
  if (format === 'json') print(`${JSON.stringify(jail, undefined, 2)}\n`);
  else print(format === 'name' ? `${name}\n` : `${name} is at ${jail.version}, ${jail.state}\n`);
}
