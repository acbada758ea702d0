import type { Command } from 'commander';
import type { ConfigurationView } from '../../agent/operator/configuration-routes.ts';
import { longestConfiguration } from '../../control/operator-values.ts';
import { agentClient, jailPath } from '../terminal/agent-client.ts';
import { formatOption, jsonOption, type OutputForm } from '../terminal/format.ts';
import { givenContent } from '../terminal/given-content.ts';
import { type Column, tableText } from '../terminal/output.ts';
import { print } from '../terminal/print.ts';

const examples = `
Examples:
  prodng configuration set web /etc/web/web.conf web.conf
  prodng configuration ls web
  prodng configuration rm web /etc/web/web.conf

The package declares in Jail-Configuration which files can be replaced. A replacement is mounted read-only and takes effect
at the next start. Each version of a jail keeps its own: a rollback brings back the files that the version had.`;

/** `prodng configuration` */
export function register(program: Command): void {
  const configuration = program
    .command('configuration')
    .description('replace configuration files of a jail')
    .addHelpText('after', examples);
  configuration
    .command('set')
    .description('replace a file')
    .argument('<jail>', 'name of the jail')
    .argument('<path>', 'path in Jail-Configuration')
    .argument('[file]', 'file to put in its place (default: standard input)')
    .addOption(formatOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  prodng configuration set web /etc/web/web.conf < web.conf')
    .action(set);
  configuration
    .command('ls')
    .description('list the files that can be replaced, and those that are')
    .argument('<jail>', 'name of the jail')
    .addOption(formatOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  prodng configuration ls web')
    .action(list);
  configuration
    .command('rm')
    .description("put the package's own files back")
    .argument('<jail>', 'name of the jail')
    .argument('<path...>', 'paths in Jail-Configuration')
    .addOption(formatOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  prodng configuration rm web /etc/web/web.conf')
    .action(remove);
}

async function set(
  jail: string,
  path: string,
  file: string | undefined,
  { format }: { format: OutputForm },
): Promise<void> {
  const content = givenContent(file, longestConfiguration);
  const client = await agentClient();
  const views = (await client.call('PUT', jailPath(jail, '/configuration'), {
    path,
    content,
  })) as ConfigurationView[];
  if (format !== 'text') show(views, format);
  else print(`${jail}: ${path} is replaced; takes effect at the next start: prodng restart ${jail}\n`);
}

const columns: Column<ConfigurationView>[] = [
  { title: 'PATH', text: ({ path }) => path, shrinks: true },
  { title: 'SIZE', text: ({ size }) => (size === undefined ? '-' : String(size)) },
  { title: 'SHA256', text: ({ sha256 }) => sha256 ?? "the package's" },
];

function show(views: readonly ConfigurationView[], format: OutputForm): void {
  if (format === 'json') print(`${JSON.stringify(views, undefined, 2)}\n`);
  else if (format === 'name') print(views.map(({ path }) => `${path}\n`).join(''));
  else print(tableText(views, columns));
}

async function list(jail: string, { format }: { format: OutputForm }): Promise<void> {
  const client = await agentClient();
  show((await client.call('GET', jailPath(jail, '/configuration'))) as ConfigurationView[], format);
}

async function remove(jail: string, paths: string[], { format }: { format: OutputForm }): Promise<void> {
  const client = await agentClient();
  let left: ConfigurationView[] = [];
  for (const path of paths)
    left = (await client.call(
      'DELETE',
      jailPath(jail, `/configuration?path=${encodeURIComponent(path)}`),
    )) as ConfigurationView[];
  if (format !== 'text') show(left, format);
  else print(paths.map((path) => `${jail}: ${path} is the package's own from the next start on\n`).join(''));
}
