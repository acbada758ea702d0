import { type Command, Option } from 'commander';
import type { KeyChange, RevocationReason } from '../../sign/change-key.ts';
import type { KeyStore, StoredKey } from '../../sign/key-store.ts';
import { formatOption, jsonOption, type TextOrJson } from '../terminal/format.ts';
import { askPassphrase, type PassphraseOptions, passphraseOption } from '../terminal/passphrase.ts';

interface ChangeOptions extends PassphraseOptions {
  expires?: string;
  format: TextOrJson;
}

interface RevokeOptions extends ChangeOptions {
  reason: RevocationReason;
  text: string;
}

/** Opens the key store and prints keys: what `prodng key` does for all of its commands. */
export interface KeyTools {
  open: () => Promise<KeyStore>;
  show: (keys: readonly StoredKey[], json: boolean) => void;
}

/** `prodng key renew`, `rotate` and `revoke` */
export function registerKeyChanges(key: Command, { open, show }: KeyTools): void {
  key
    .command('renew')
    .description('change the expiry date of a key; its earlier signatures stay valid')
    .argument('<id>', 'fingerprint, key id or mail address')
    .option('--expires <time>', 'e.g. 90d, 12m, 2y or 2030-01-31 (default: never)')
    .option(...passphraseOption)
    .addOption(formatOption(['text', 'json']))
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  prodng key renew release@example.org --expires 2y')
    .action(async (id: string, options: ChangeOptions) => {
      const { renewKey } = await import('../../sign/change-key.ts');
      const change = changeOf(id, options);
      show(
        [await renewKey(await open(), change, await lifetime(options, change))],
        options.format === 'json',
      );
    });
  key
    .command('rotate')
    .description('add a new signing subkey to a key, and sign with it from now on')
    .argument('<id>', 'fingerprint, key id or mail address')
    .option('--expires <time>', 'expiry of the subkey, e.g. 12m (default: never)')
    .option(...passphraseOption)
    .addOption(formatOption(['text', 'json']))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Example:
  prodng key rotate release@example.org --expires 12m

Publish the key again afterwards: prodng key export. debsig-verify selects its policy by the id of the signing key itself:
hosts that use it need a policy folder for each subkey.`,
    )
    .action(async (id: string, options: ChangeOptions) => {
      const { rotateKey } = await import('../../sign/change-key.ts');
      const change = changeOf(id, options);
      show(
        [await rotateKey(await open(), change, await lifetime(options, change))],
        options.format === 'json',
      );
    });
  key
    .command('revoke')
    .description('revoke a key')
    .argument('<id>', 'fingerprint, key id or mail address')
    .addOption(
      new Option('--reason <reason>', 'reason')
        .choices(['superseded', 'retired', 'compromised'])
        .makeOptionMandatory(),
    )
    .option('--text <text>', 'explanation for people', '')
    .option(...passphraseOption)
    .addOption(formatOption(['text', 'json']))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Example:
  prodng key revoke release@example.org --reason superseded

Signatures made before stay valid for the reasons superseded and retired. compromised invalidates all of them. Publish the
key afterwards: prodng key export.`,
    )
    .action(async (id: string, options: RevokeOptions) => {
      const { revokeStoredKey } = await import('../../sign/change-key.ts');
      const revoked = await revokeStoredKey(
        await open(),
        changeOf(id, options),
        options.reason,
        options.text,
      );
      show([revoked], options.format === 'json');
    });
}

function changeOf(id: string, options: PassphraseOptions): KeyChange {
  return {
    id,
    date: new Date(Math.floor(Date.now() / 1000) * 1000),
    ask: ({ userIds, keyId }) => askPassphrase(options, `Passphrase for ${userIds[0] ?? ''} (${keyId}): `),
  };
}

async function lifetime({ expires }: ChangeOptions, { date }: KeyChange): Promise<number | undefined> {
  if (expires === undefined) return undefined;
  const { parseExpiry } = await import('../../sign/expiry.ts');
  return parseExpiry(expires, date);
}
