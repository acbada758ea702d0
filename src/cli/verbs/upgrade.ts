import type { Command } from 'commander';
import type { JailDetail } from '../../agent/api/jail-view.ts';
import { agentClient, jailPath } from '../terminal/agent-client.ts';
import { countOption, type OutputFormat, outputOption } from '../terminal/output.ts';
import { parseSource, sourceHelp } from '../terminal/package-source.ts';
import { print } from '../terminal/print.ts';

const examples = `
Examples:
  prodng upgrade web web_1.5-1_amd64.deb
  prodng upgrade web
  prodng upgrade web web=1.5-1
  prodng upgrade --accept web web_2.0-1_amd64.deb

The new version must prove healthy, by Jail-Health or by staying up; else the old one goes on, and the exit status
is 1. A jail with volumes or an address of its own is down meanwhile; any other is not.
${sourceHelp}
With none, it is the newest of the jail's own package in an archive.`;

interface Flags {
  wait: number;
  sha256?: string;
  output: OutputFormat;
  accept?: true;
}

/** `prodng upgrade` */
export function register(program: Command): void {
  program
    .command('upgrade')
    .description('take a jail to another version of its package')
    .argument('<jail>', 'its name')
    .argument(
      '[package]',
      'the new version: a file, an address, or a name (default: the newest in an archive)',
    )
    .option('--sha256 <digest>', 'what the file at an address must have')
    .option('--accept', 'agree that it declares more than the old one')
    .option('--wait <seconds>', 'how long it may take to prove healthy', countOption, 60)
    .addOption(outputOption())
    .addHelpText('after', examples)
    .action(upgrade);
}

async function upgrade(
  name: string,
  text: string | undefined,
  { wait, output, accept, sha256 }: Flags,
): Promise<void> {
  const client = await agentClient();
  // of an instance too: web@2 is of the package web
  const source = parseSource(
    text ?? name.split('@', 1)[0] ?? name,
    sha256,
    text === undefined ? () => false : undefined,
  );
  const body = { patience: wait * 1000, ...source, accept: accept === true };
  const jail = (await client.call('POST', jailPath(name, '/upgrade'), body)) as JailDetail;
  if (output === 'json') print(`${JSON.stringify(jail, undefined, 2)}\n`);
  else print(output === 'name' ? `${name}\n` : `${name} is at ${jail.version}, ${jail.state}\n`);
}
