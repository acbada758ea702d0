import type { Command } from 'commander';
import type { CredentialView } from '../../agent/operator/credential-routes.ts';
import { longestCredential } from '../../control/operator-values.ts';
import { agentClient, jailPath } from '../terminal/agent-client.ts';
import { formatOption, jsonOption, type OutputForm } from '../terminal/format.ts';
import { givenContent } from '../terminal/given-content.ts';
import { type Column, tableText } from '../terminal/output.ts';
import { print, standardError } from '../terminal/print.ts';

const examples = `
Examples:
  prodng credential set web db-password < db-password
  prodng credential ls web
  prodng credential rm web db-password

A credential is a secret that the package declares in Jail-Credentials. The service reads it in /run/credentials. It is
stored on the host readable by root only, encrypted by systemd-creds where that is installed, and takes effect at the
next start. It is never shown.`;

/** `prodng credential` */
export function register(program: Command): void {
  const credential = program
    .command('credential')
    .description('set, list and remove the credentials of a jail')
    .addHelpText('after', examples);
  credential
    .command('set')
    .description('set a credential')
    .argument('<jail>', 'name of the jail')
    .argument('<name>', 'name in Jail-Credentials')
    .argument('[file]', 'file with the secret (default: standard input)')
    .addOption(formatOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  prodng credential set web db-password < db-password')
    .action(set);
  credential
    .command('ls')
    .description('list the credentials of a jail, and which of them are set')
    .argument('<jail>', 'name of the jail')
    .addOption(formatOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  prodng credential ls web')
    .action(list);
  credential
    .command('rm')
    .description('remove credentials')
    .argument('<jail>', 'name of the jail')
    .argument('<name...>', 'names in Jail-Credentials')
    .addOption(formatOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  prodng credential rm web db-password')
    .action(remove);
}

function pathOf(jail: string, credential: string): string {
  return jailPath(jail, `/credentials/${encodeURIComponent(credential)}`);
}

async function set(
  jail: string,
  name: string,
  file: string | undefined,
  { format }: { format: OutputForm },
): Promise<void> {
  const content = givenContent(file, longestCredential);
  const client = await agentClient();
  const view = (await client.call('PUT', pathOf(jail, name), { content })) as CredentialView;
  if (view.encrypted !== true)
    standardError().write(
      `prodng: ${name} is stored without encryption, readable by root: systemd-creds is not installed\n`,
    );
  if (format === 'json') print(`${JSON.stringify(view, undefined, 2)}\n`);
  else if (format === 'name') print(`${name}\n`);
  else print(`${jail}: ${name} is set; takes effect at the next start: prodng restart ${jail}\n`);
}

const columns: Column<CredentialView>[] = [
  { title: 'NAME', text: ({ name }) => name, shrinks: true },
  {
    title: 'DECLARED',
    text: ({ declared, required }) => (declared ? (required ? 'required' : 'optional') : 'no'),
  },
  { title: 'SET', text: ({ set: time }) => time ?? '-' },
  { title: 'ENCRYPTED', text: ({ encrypted }) => (encrypted === undefined ? '-' : encrypted ? 'yes' : 'no') },
];

async function list(jail: string, { format }: { format: OutputForm }): Promise<void> {
  const client = await agentClient();
  const views = (await client.call('GET', jailPath(jail, '/credentials'))) as CredentialView[];
  if (format === 'json') print(`${JSON.stringify(views, undefined, 2)}\n`);
  else if (format === 'name') print(views.map(({ name }) => `${name}\n`).join(''));
  else print(tableText(views, columns));
}

async function remove(jail: string, names: string[], { format }: { format: OutputForm }): Promise<void> {
  const client = await agentClient();
  for (const name of names) await client.call('DELETE', pathOf(jail, name));
  if (format === 'json') print(`${JSON.stringify({ jail, removed: names }, undefined, 2)}\n`);
  else
    print(names.map((name) => (format === 'name' ? `${name}\n` : `${jail}: ${name} is removed\n`)).join(''));
}
