import { ProdngError } from '../../error/prodng-error.ts';
import { run } from '../../system/process.ts';

/** ms that systemd-creds may take: a TPM is slow. */
const patience = 30_000;

/**
 * Encrypts with systemd-creds(1), with the key of this host or its TPM. The secret goes by standard input, never as an
 * argument.
 *
 * @param name is sealed in: what was encrypted under one name is not decrypted under another
 * @param program where another one than systemd-creds is meant
 * @returns undefined where systemd-creds is not installed
 * @throws ProdngError HOST_LACKS when it fails: a secret is not stored in the clear because encryption fails
 */
export async function sealCredential(
  name: string,
  bytes: Uint8Array,
  program = 'systemd-creds',
): Promise<string | undefined> {
  return systemdCreds([program, 'encrypt', `--name=${name}`, '-', '-'], bytes);
}

/**
 * Decrypts what sealCredential returned.
 *
 * @throws ProdngError HOST_LACKS when it was encrypted on another host or under another name
 */
export async function openCredential(name: string, sealed: string): Promise<Uint8Array> {
  const options = [`--name=${name}`, '--transcode=base64', '--newline=no'];
  const opened = await systemdCreds(['systemd-creds', 'decrypt', ...options, '-', '-'], Buffer.from(sealed));
  if (opened !== undefined) return Buffer.from(opened, 'base64');
  throw new ProdngError('HOST_LACKS', 'systemd-creds: not found', { hint: 'run: apt-get install systemd' });
}

/**
 * Nothing that it writes to standard output becomes part of a message: that may be the secret.
 *
 * @returns undefined when the program is not installed
 */
async function systemdCreds(
  argv: readonly [string, ...string[]],
  input: Uint8Array,
): Promise<string | undefined> {
  const ended = await run(argv, { input, timeout: patience, accept: [0, 1] }).catch((error: unknown) => {
    if (error instanceof ProdngError && error.code === 'HOST_LACKS') return undefined;
    throw error;
  });
  if (ended === undefined || ended.exitCode === 0) return ended?.stdout;
  throw new ProdngError('HOST_LACKS', `systemd-creds ${argv[1]}: ${ended.stderr.trim().slice(-300)}`, {
    hint: 'see which keys this host has: systemd-creds has-tpm2; systemd-creds setup makes a key for it',
  });
}
