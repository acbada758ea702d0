import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { ProdngError, reasonOf } from '../../error/prodng-error.ts';
import type { KeyStore, StoredKey } from '../../sign/key-store.ts';
import { prodngPaths } from '../../system/paths.ts';
import { formatOption, jsonOption, type TextOrJson } from '../terminal/format.ts';
import { askNewPassphrase, type PassphraseOptions, passphraseOption } from '../terminal/passphrase.ts';
import { print, standardError } from '../terminal/print.ts';
import { registerKeyChanges } from './key-change.ts';

interface NewOptions extends PassphraseOptions {
  expires?: string;
  passphrase: boolean;
  format: TextOrJson;
}

interface ExportOptions {
  secret?: true;
  pem?: true;
  binary?: true;
  output?: string;
}

const examples = `
Examples:
  prodng key new "Release <release@example.org>" --expires 2y
  prodng key list
  prodng key export release@example.org --output release.asc
  prodng key import release.asc
  prodng key renew release@example.org --expires 2y

Keys are stored in the folder "keys" of prodng's state folder, readable by their owner only. Keys on tokens stay in gpg:
select them with --gpg when signing.`;

export function register(program: Command): void {
  const key = program
    .command('key')
    .description('create, list, renew, rotate, revoke, export and import signing keys')
    .addHelpText('after', examples);
  key
    .command('new')
    .description('create an Ed25519 key that gpgv, sqv and debsig-verify accept')
    .argument('<user-id>', '"Name <mail@example.org>"')
    .option('--expires <time>', 'e.g. 90d, 12m, 2y or 2030-01-31 (default: never)')
    .option('--no-passphrase', 'store the secret key without a passphrase')
    .option(...passphraseOption)
    .addOption(formatOption(['text', 'json']))
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  prodng key new "Release <release@example.org>" --expires 2y')
    .action(newKey);
  key
    .command('list')
    .description('list keys')
    .addOption(formatOption(['text', 'json']))
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  prodng key list --json')
    .action(list);
  key
    .command('export')
    .description('export a public key')
    .argument('<id>', 'fingerprint, key id or mail address')
    .option('--binary', 'binary keyring, for debsig-verify and gpgv')
    .option('--pem', 'PEM SubjectPublicKeyInfo, for tools that verify attestations')
    .option('--secret', 'export the secret key')
    .option('-o, --output <file>', 'write to FILE instead of standard output')
    .addHelpText('after', '\nExample:\n  prodng key export release@example.org --binary --output release.gpg')
    .action(exportKey);
  key
    .command('import')
    .description('import public or secret keys, or a revocation')
    .argument('<file>', 'armoured or binary; - for standard input')
    .addOption(formatOption(['text', 'json']))
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  gpg --export release@example.org | prodng key import -')
    .action(importFile);
  registerKeyChanges(key, { open: openKeys, show: printKeys });
}

async function openKeys(): Promise<KeyStore> {
  const { KeyStore: Keys } = await import('../../sign/key-store.ts');
  return new Keys(prodngPaths());
}

async function newKey(userId: string, options: NewOptions): Promise<void> {
  const { createKey } = await import('../../sign/create-key.ts');
  const { parseExpiry } = await import('../../sign/expiry.ts');
  const date = new Date(Math.floor(Date.now() / 1000) * 1000);
  const lifetime = options.expires === undefined ? undefined : parseExpiry(options.expires, date);
  const passphrase = options.passphrase ? await askNewPassphrase(options) : undefined;
  const store = await openKeys();
  const key = await createKey(store, {
    userId,
    date,
    ...(lifetime === undefined ? {} : { lifetime }),
    ...(passphrase === undefined ? {} : { passphrase }),
  });
  if (options.format === 'json') return printKeys([key], true);
  printKeys([key], false);
  print(`Kept in ${store.folder}, with the certificate that revokes it.\n`);
}

async function list({ format }: { format: TextOrJson }): Promise<void> {
  const keys = await (await openKeys()).list();
  printKeys(keys, format === 'json');
  if (keys.length === 0 && format !== 'json')
    standardError().write('no keys; create one with: prodng key new "Name <mail@example.org>"\n');
}

async function exportKey(id: string, options: ExportOptions): Promise<void> {
  const { exportedKey } = await import('../../sign/export-key.ts');
  const { secret = false, pem = false, binary = false, output } = options;
  if (Number(secret) + Number(pem) + Number(binary) > 1)
    throw new ProdngError('USAGE', '--secret, --pem and --binary are mutually exclusive');
  const form = secret ? 'secret' : pem ? 'pem' : binary ? 'binary' : 'armoured';
  const bytes = await exportedKey(await openKeys(), id, form);
  if (output === undefined) print(bytes);
  else {
    const { writeOutput } = await import('../../output/write-output.ts');
    await writeOutput(output, bytes, secret ? 0o600 : 0o644);
  }
}

async function importFile(file: string, { format }: { format: TextOrJson }): Promise<void> {
  const { collect } = await import('../../sign/collect.ts');
  const { importKeys } = await import('../../sign/import-keys.ts');
  const bytes = await (file === '-' ? collect(process.stdin) : readFile(file)).catch((cause: unknown) => {
    throw new ProdngError('IO', `${file}: cannot be read: ${reasonOf(cause)}`, { cause });
  });
  printKeys(await importKeys(await openKeys(), bytes, file), format === 'json');
}

function printKeys(keys: readonly StoredKey[], json: boolean): void {
  const text = json
    ? `${JSON.stringify(keys, undefined, 2)}\n`
    : keys.map((key) => `${key.fingerprint}  ${describe(key)}\n`).join('');
  print(text);
}

function describe({ userIds, algorithm, created, expires, revoked, secret, locked }: StoredKey): string {
  const date = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 10);
  const expired = expires !== undefined && expires * 1000 <= Date.now();
  return [
    `${userIds.join(', ')}, ${algorithm}, made ${date(created)}`,
    secret ? (locked ? 'can sign with its passphrase' : 'can sign') : 'public only',
    ...(expires === undefined ? [] : [`${expired ? 'EXPIRED' : 'expires'} ${date(expires)}`]),
    ...(revoked ? ['REVOKED'] : []),
  ].join(', ');
}
