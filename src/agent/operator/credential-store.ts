import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ProdngError } from '../../error/prodng-error.ts';
import { syncFolder, writeFileAtomic } from '../../system/atomic-file.ts';
import { folderNames } from '../../system/folder-names.ts';
import { openCredential, sealCredential } from './sealed-credential.ts';

/** A credential that is stored; its content is in no answer. */
export interface StoredCredential {
  name: string;
  encrypted: boolean;
  /** When it was set, ISO 8601. */
  set: string;
}

/** The first line of a file: what follows it is what systemd-creds made, or the bytes themselves. */
const heads = { encrypted: 'prodng-credential 1 systemd-creds\n', plain: 'prodng-credential 1 plain\n' };

/** The credentials of jails: a folder for each jail and a file for each credential, which root alone reads. */
export class CredentialStore {
  readonly #folder: string;
  readonly #program: string | undefined;

  /** @param program encrypts instead of systemd-creds */
  constructor(folder: string, program?: string) {
    this.#folder = folder;
    this.#program = program;
  }

  /**
   * Stores one, encrypted where systemd-creds is installed. The caller holds the jail.
   *
   * @throws ProdngError HOST_LACKS when encryption fails
   */
  async set(jail: string, name: string, bytes: Uint8Array): Promise<{ encrypted: boolean }> {
    const sealed = await sealCredential(sealedName(jail, name), bytes, this.#program);
    const content =
      sealed === undefined ? Buffer.concat([Buffer.from(heads.plain), bytes]) : `${heads.encrypted}${sealed}`;
    const folder = join(this.#folder, jail);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    // what a killed agent was writing
    for (const file of await readdir(folder))
      if (file.startsWith('.')) await rm(join(folder, file), { force: true });
    await writeFileAtomic(join(folder, name), content, 0o600);
    return { encrypted: sealed !== undefined };
  }

  /** All that a jail has, by name. */
  async list(jail: string): Promise<StoredCredential[]> {
    const folder = join(this.#folder, jail);
    const found: StoredCredential[] = [];
    for (const name of await namesIn(folder)) {
      const path = join(folder, name);
      const encrypted = (await readFile(path))
        .subarray(0, heads.encrypted.length)
        .equals(Buffer.from(heads.encrypted));
      found.push({ name, encrypted, set: (await stat(path)).mtime.toISOString() });
    }
    return found;
  }

  /**
   * The contents of those that are stored among the named ones.
   *
   * @throws ProdngError HOST_LACKS when one cannot be decrypted, CONFIG when its file is damaged
   */
  async read(jail: string, names: readonly string[]): Promise<Record<string, Uint8Array>> {
    const folder = join(this.#folder, jail);
    const stored = await namesIn(folder);
    const read: Record<string, Uint8Array> = {};
    for (const name of names)
      if (stored.includes(name))
        read[name] = await this.#open(jail, name, await readFile(join(folder, name)));
    return read;
  }

  /** @returns whether there was one */
  async remove(jail: string, name: string): Promise<boolean> {
    const folder = join(this.#folder, jail);
    if (!(await namesIn(folder)).includes(name)) return false;
    await rm(join(folder, name), { force: true });
    await syncFolder(folder);
    return true;
  }

  /** Removes all of a jail. */
  async removeAll(jail: string): Promise<void> {
    await rm(join(this.#folder, jail), { recursive: true, force: true });
  }

  #open(jail: string, name: string, content: Buffer): Promise<Uint8Array> | Uint8Array {
    for (const [kind, head] of Object.entries(heads)) {
      if (!content.subarray(0, head.length).equals(Buffer.from(head))) continue;
      const rest = content.subarray(head.length);
      return kind === 'plain' ? rest : openCredential(sealedName(jail, name), rest.toString('latin1'));
    }
    throw new ProdngError('CONFIG', `${jail}: the file of the credential ${name} is damaged`, {
      hint: `set it again: prodng credential set ${jail} ${name} < FILE`,
    });
  }
}

function sealedName(jail: string, name: string): string {
  return `prodng.${jail}.${name}`;
}

/** Without what is being written. */
async function namesIn(folder: string): Promise<string[]> {
  return (await folderNames(folder)).filter((name) => !name.startsWith('.'));
}
