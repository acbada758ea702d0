import { ProdngError } from '../../error/prodng-error.ts';
import { readKeyring } from '../../sign/keyring.ts';
import { verifyEach } from '../../sign/verify-signatures.ts';
import { readRegularFile } from '../../system/regular-file.ts';

const mostBytes = 1 << 16;

/** Whether policies are to be signed, and by which keys. */
export class PolicySignatures {
  readonly #keyring: string | undefined;

  /** @param keyring a file with the public keys that may sign; without it, policies need no signature */
  constructor(keyring: string | undefined) {
    this.#keyring = keyring;
  }

  /**
   * Checks the signature of a policy: an OpenPGP signature of its bytes, in FILE.asc beside it.
   *
   * @throws ProdngError SIGNATURE when there is none that is valid now, KEY and IO when the keyring cannot be read
   */
  async assertSigned(file: string, bytes: Uint8Array): Promise<void> {
    if (this.#keyring === undefined) return;
    const keyring = await readKeyring(this.#keyring);
    const path = `${file}.asc`;
    const signature = readRegularFile(path, mostBytes);
    if (signature === undefined)
      throw new ProdngError('SIGNATURE', `${file}: the policy is not signed: there is no ${path}`, { hint });
    const data = async function* () {
      yield bytes;
    };
    const reports = await verifyEach(path, signature, data, keyring, new Date());
    if (reports.some(({ status, keyNow }) => status === 'valid' && keyNow === 'valid')) return;
    const why = reports.map(({ message }) => message).join('; ');
    throw new ProdngError('SIGNATURE', `${file}: ${why}`, { hint });
  }
}

const hint = 'sign it: prodng sign FILE.policy';
