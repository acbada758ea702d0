import type { Command } from 'commander';
import { ProdngError } from '../../error/prodng-error.ts';
import type { Signer } from '../../sign/signer.ts';
import { formatOption, jsonOption, type TextOrJson } from '../terminal/format.ts';
import { interruptible } from '../terminal/interruptible.ts';
import { passphraseOption } from '../terminal/passphrase.ts';
import { print } from '../terminal/print.ts';
import { collectValues, type SigningOptions, signersOf } from '../terminal/signing.ts';

interface SignOptions extends SigningOptions {
  detached?: true;
  type?: string;
  output?: string;
  format: TextOrJson;
}

const examples = `
Examples:
  prodng sign hello_1.0_amd64.deb
  prodng sign hello_1.0_amd64.deb --key release@example.org --key review@example.org
  prodng sign hello_1.0_amd64.deb --gpg 0123456789ABCDEF0123456789ABCDEF01234567
  prodng sign hello_1.0_amd64.deb --detached
  prodng sign hello_1.0_amd64.buildinfo
  prodng sign strict.policy

Signatures are added to a .deb as its last members (_gpgorigin, then _gpgmaint), as debsig-verify expects; removing them
restores the file bit for bit. .changes and .buildinfo files are clearsigned. A policy is
signed by FILE.asc beside it. If SOURCE_DATE_EPOCH is set, it is the
date of the signature.`;

export function register(program: Command): void {
  program
    .command('sign')
    .description('sign a .deb, .changes, .buildinfo or policy')
    .argument('<file>', 'the file; replaced atomically')
    .option('--key <id>', 'sign with this key (see prodng key list); repeatable', collectValues)
    .option('--gpg <id>', 'sign with this gpg key, e.g. on a token; repeatable', collectValues)
    .option('--detached', 'write a detached signature of the unsigned .deb to FILE.asc')
    .option('--type <name>', 'type of the first signature: origin, maint, archive or another word')
    .option('-o, --output <file>', 'write the signed file to FILE instead')
    .option(...passphraseOption)
    .addOption(formatOption(['text', 'json']))
    .addOption(jsonOption())
    .addHelpText('after', examples)
    .action(sign);
}

async function sign(file: string, options: SignOptions): Promise<void> {
  const made = await interruptible(async (signal): Promise<Made[]> => {
    const signers = await signersOf(options, signal);
    if (file.endsWith('.policy')) return await signPolicy(file, options, signers);
    if (!file.endsWith('.deb')) return await signText(file, options, signers);
    if (options.detached) {
      const { signDetached } = await import('../../sign/detached.ts');
      const path = await signDetached(file, signers);
      return signers.map(({ fingerprint, userId }) => ({ file: path, fingerprint, userId }));
    }
    const { signDeb } = await import('../../sign/sign-deb.ts');
    const { type, output } = options;
    const added = await signDeb(file, {
      signers,
      ...(type === undefined ? {} : { type }),
      ...(output === undefined ? {} : { output }),
    });
    return added.map((item) => ({ file: output ?? file, ...item }));
  });
  if (options.format === 'json') print(`${JSON.stringify(made, undefined, 2)}\n`);
  else
    for (const { file: where, member, fingerprint, userId } of made) {
      const what = member === undefined ? where : `${where}: ${member}`;
      print(`${what}: signed by ${userId} (${fingerprint})\n`);
    }
}

/** What was signed by whom. */
interface Made {
  file: string;
  member?: string;
  fingerprint: string;
  userId: string;
}

async function signPolicy(
  file: string,
  { type, output }: SignOptions,
  signers: readonly Signer[],
): Promise<Made[]> {
  if (type !== undefined || output !== undefined)
    throw new ProdngError('USAGE', `${file}: its signature is ${file}.asc: leave out --type and --output`);
  const { signFileDetached } = await import('../../sign/detached.ts');
  const path = await signFileDetached(file, signers);
  return signers.map(({ fingerprint, userId }) => ({ file: path, fingerprint, userId }));
}

async function signText(
  file: string,
  { detached, type, output }: SignOptions,
  signers: readonly Signer[],
): Promise<Made[]> {
  const [signer, ...others] = signers;
  if (!/\.(?:changes|buildinfo)$/.test(file))
    throw new ProdngError('USAGE', `${file}: neither a .deb, a .changes, a .buildinfo nor a .policy`);
  if (detached === true || type !== undefined || signer === undefined || others.length > 0)
    throw new ProdngError(
      'USAGE',
      `${file}: is clearsigned, by one signer and without --detached and --type`,
    );
  const { clearsignFile } = await import('../../sign/clearsign.ts');
  await clearsignFile(file, signer, output);
  return [{ file: output ?? file, fingerprint: signer.fingerprint, userId: signer.userId }];
}
