import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { prettifyError } from 'zod';
import { syncFolder, writeFileAtomic } from '../../system/atomic-file.ts';
import { type JailState, jailStateSchema } from './state-schema.ts';

/** A state file that could not be read, and where it was put. */
export interface DamagedState {
  name: string;
  movedTo: string;
  why: string;
}

/** The jails' state files: each is written whole, and survives a loss of power. */
export class StateStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Reads all of them. One that is damaged is set aside under another name, and does not keep the others from going on. */
  async load(): Promise<{ states: JailState[]; damaged: DamagedState[] }> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const states: JailState[] = [];
    const damaged: DamagedState[] = [];
    for (const file of (await readdir(this.#folder)).toSorted()) {
      // what a killed agent was writing
      if (file.endsWith('.tmp')) await rm(join(this.#folder, file), { force: true });
      if (!file.endsWith('.json') || file.startsWith('.')) continue;
      const name = file.slice(0, -'.json'.length);
      const read = await this.#read(name);
      if (typeof read === 'string') damaged.push(await this.#setAside(name, read));
      else states.push(read);
    }
    return { states, damaged };
  }

  async save(state: JailState): Promise<void> {
    await writeFileAtomic(this.#file(state.name), `${JSON.stringify(state, undefined, 2)}\n`, 0o600);
  }

  async remove(name: string): Promise<void> {
    await rm(this.#file(name), { force: true });
    await syncFolder(this.#folder);
  }

  #file(name: string): string {
    return join(this.#folder, `${name}.json`);
  }

  /** @returns the state, or what is wrong with it */
  async #read(name: string): Promise<JailState | string> {
    let value: unknown;
    try {
      value = JSON.parse(await readFile(this.#file(name), 'utf8'));
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
    const parsed = jailStateSchema.safeParse(value);
    if (!parsed.success) return prettifyError(parsed.error);
    const { data } = parsed;
    if (data.name !== name) return `it is the state of ${data.name}`;
    if (!data.versions.some(({ sha256 }) => sha256 === data.current))
      return 'its current version is none of its versions';
    return data;
  }

  async #setAside(name: string, why: string): Promise<DamagedState> {
    const movedTo = join(this.#folder, `${name}.damaged-${Date.now()}`);
    await rename(this.#file(name), movedTo);
    return { name, movedTo, why };
  }
}
