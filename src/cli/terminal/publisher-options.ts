import { durationSyntax, parseDuration } from '../../control/quantity.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import type { PublisherOptions } from '../../publish/publisher.ts';
import { signatureTime } from '../../sign/signer.ts';
import { type Paths, prodngPaths } from '../../system/paths.ts';
import type { TextOrJson } from './format.ts';
import type { PassphraseOptions } from './passphrase.ts';
import { standardError } from './print.ts';
import { signersOf } from './signing.ts';

/** What every command that signs an archive takes. */
export interface PublisherArguments extends PassphraseOptions {
  key?: string;
  gpg?: string;
  keyring?: string[];
  wait: string;
  format: TextOrJson;
}

/** @throws ProdngError USAGE, KEY, IO */
export async function publisher(
  archive: string,
  options: PublisherArguments,
  signal: AbortSignal,
): Promise<PublisherOptions & { paths: Paths }> {
  const { key, gpg, keyring: files = [] } = options;
  const [signer, ...more] = await signersOf(
    {
      ...options,
      key: key === undefined ? [] : [key],
      gpg: gpg === undefined ? [] : [gpg],
    },
    signal,
  );
  if (signer === undefined || more.length > 0)
    throw new ProdngError('USAGE', 'an archive is signed with one key: give --key or --gpg');
  const { readKeyring } = await import('../../sign/keyring.ts');
  const wait = parseDuration(options.wait);
  if (wait === undefined)
    throw new ProdngError('USAGE', `--wait: "${options.wait}" is not a time; allowed: ${durationSyntax}`);
  return {
    archive,
    signer,
    keyring: (await Promise.all(files.map((file) => readKeyring(file)))).flat(),
    wait,
    now: signatureTime(process.env).date,
    onWait: () => void standardError().write(`${archive}: waiting for another publisher\n`),
    signal,
    paths: prodngPaths(),
  };
}

const day = 86_400_000;

/**
 * A span of time with days too: `12h`, `14d`; undefined for `never`.
 *
 * @throws ProdngError USAGE
 */
export function parseSpan(option: string, text: string): number | undefined {
  if (text === 'never') return undefined;
  const days = /^(\d{1,5})d$/.exec(text)?.[1];
  const ms = days === undefined ? parseDuration(text) : Number(days) * day;
  if (ms !== undefined && (ms === 0 || ms >= 1000)) return ms;
  throw new ProdngError('USAGE', `${option}: "${text}" is not a time such as 12h or 14d, and not "never"`);
}
