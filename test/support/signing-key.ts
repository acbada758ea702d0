import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { plainEnvironment, run } from '../../src/system/process.ts';

/** An OpenPGP key of its own, made by gpg. */
export interface SigningKey {
  /** The public key, armoured. */
  armor: string;
  /** Writes `text` as InRelease has it: clearsigned. */
  clearsign(text: string): Promise<string>;
  remove(): Promise<void>;
}

export async function makeSigningKey(name: string): Promise<SigningKey> {
  const home = await mkdtemp(join(tmpdir(), 'key-'));
  const env = { ...plainEnvironment, GNUPGHOME: home, HOME: home };
  const gpg = async (args: string[], input = '') =>
    (await run(['gpg', '--batch', '--quiet', '--pinentry-mode', 'loopback', ...args], { env, input })).stdout;
  await writeFile(join(home, 'passphrase'), '');
  await gpg([
    '--passphrase',
    '',
    '--quick-generate-key',
    `${name} <${name}@example.org>`,
    'ed25519',
    'sign',
    'never',
  ]);
  return {
    armor: `${await gpg(['--armor', '--export', name])}\n`,
    clearsign: async (text) => `${await gpg(['--passphrase', '', '--clearsign'], text)}\n`,
    remove: async () => {
      await run(['gpgconf', '--kill', 'all'], { env });
      await rm(home, { recursive: true, force: true });
    },
  };
}
