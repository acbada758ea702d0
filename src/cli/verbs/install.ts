import type { Command } from 'commander';
import type { JailDetail } from '../../agent/api/jail-view.ts';
import { agentClient } from '../terminal/agent-client.ts';
import { type OutputFormat, outputOption } from '../terminal/output.ts';
import { parseSource, sourceHelp } from '../terminal/package-source.ts';
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
  output: OutputFormat;
}

/** `prodng install` */
export function register(program: Command): void {
  program
    .command('install')
    .description('install a jail, and start it')
    .argument('<package>', 'a file, an address, or the name of a package in an archive')
    .option('--name <name>', 'an instance of the package, such as web@2')
    .option('--sha256 <digest>', 'what the file at an address must have')
    .option('--no-start', 'only install it')
    .addOption(outputOption())
    .addHelpText('after', examples)
    .action(install);
}

async function install(source: string, { name, sha256, start, output }: InstallFlags): Promise<void> {
  const client = await agentClient();
  const body = { ...parseSource(source, sha256), start, ...(name === undefined ? {} : { name }) };
  const jail = (await client.call('POST', '/v1/jails', body)) as JailDetail;
  const text = `${jail.name} ${jail.version} is installed${start ? ` and ${jail.state}` : ''}`;
  if (output === 'json') print(`${JSON.stringify(jail, undefined, 2)}\n`);
  else print(`${output === 'name' ? jail.name : text}\n`);
}
