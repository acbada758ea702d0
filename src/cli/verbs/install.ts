import type { Command } from 'commander';
import type { JailDetail } from '../../agent/api/jail-view.ts';
import { agentClient } from '../terminal/agent-client.ts';
import { formatOption, jsonOption, type OutputForm } from '../terminal/format.ts';
import { assertReadable, parseSource, sourceHelp } from '../terminal/package-source.ts';
import { print } from '../terminal/print.ts';

const examples = `
Examples:
  prodng install hello_1.0-1_amd64.deb
  prodng install web
  prodng install web=1.4-1
  prodng install --sha256 0123...cdef https://files.example.org/web_1.4-1_amd64.deb
  prodng install --name web@2 --no-start web_1.4-1_amd64.deb
${sourceHelp}`;

interface InstallFlags {
  name?: string;
  sha256?: string;
  start: boolean;
  format: OutputForm;
}

/** `prodng install` */
export function register(program: Command): void {
  program
    .command('install')
    .description('install a jail and start it')
    .argument('<package>', 'a file, a URL, or the name of a package in an archive')
    .option('--name <name>', 'instance name, e.g. web@2')
    .option('--sha256 <digest>', 'expected SHA-256 of the file at a URL')
    .option('--no-start', 'install without starting')
    .addOption(formatOption())
    .addOption(jsonOption())
    .addHelpText('after', examples)
    .action(install);
}

async function install(source: string, { name, sha256, start, format }: InstallFlags): Promise<void> {
  const client = await agentClient();
  const from = parseSource(source, sha256);
  assertReadable(from, client);
  const body = { ...from, start, ...(name === undefined ? {} : { name }) };
  const jail = (await client.call('POST', '/v1/jails', body)) as JailDetail;
  const text = `${jail.name} ${jail.version} is installed${start ? ` and ${jail.state}` : ''}`;
  if (format === 'json') print(`${JSON.stringify(jail, undefined, 2)}\n`);
  else print(`${format === 'name' ? jail.name : text}\n`);
}
