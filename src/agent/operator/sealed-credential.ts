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
  try {
    return await systemdCreds([program, 'encrypt', `--name=${name}`, '-', '-'], bytes);
  } catch (error) {
    if (error instanceof ProdngError && error.message === `${program}: not found`) return undefined;
    throw error;
  }
}

/**
 * Decrypts what sealCredential returned.
 *
 * @throws ProdngError HOST_LACKS when it was encrypted on another host or under another name
 */
export async function openCredential(name: string, sealed: string): Promise<Uint8Array> {
  const argv = ['systemd-creds', 'decrypt', `--name=${name}`, '--transcode=base64', '--newline=no', '-', '-'];
  return Buffer.from(await systemdCreds(argv as [string, ...string[]], Buffer.from(sealed)), 'base64');
}

/** Nothing that it writes to standard output becomes part of a message: that may be the secret. */
async function systemdCreds(argv: [string, ...string[]], input: Uint8Array): Promise<string> {
  const { exitCode, stdout, stderr } = await run(argv, { input, timeout: patience, accept: [0, 1] });
  if (exitCode === 0) return stdout;
  throw new ProdngError('HOST_LACKS', `systemd-creds ${argv[1]}: ${stderr.trim().slice(-300)}`, {
    hint: 'see which keys this host has: systemd-creds has-tpm2; systemd-creds setup makes a key for it',
  });
}
