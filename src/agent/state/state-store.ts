import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { prettifyError, z } from 'zod';
import { messageOf, ProdngError } from '../../error/prodng-error.ts';
import { syncFolder, writeFileAtomic } from '../../system/atomic-file.ts';
import { type JailState, jailStateSchema, stateFormat } from './state-schema.ts';

/** A state file that this agent cannot read: nothing of that name is acted on, cleared away or collected. */
export interface UnreadableState {
  name: string;
  /** `newer`: a later version of prodng has written it, and it lies where it was; `damaged`: it was set aside. */
  kind: 'newer' | 'damaged';
  /** Where it lies now. */
  file: string;
  why: string;
}

/** What is appended to the name of a file that was set aside. */
const setAsidePattern = /^(.+)\.damaged-\d+$/;

/** The jails' state files: each is written whole, and survives a loss of power. */
export class StateStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Reads all of them. One that cannot be read does not keep the others from going on; what was set aside before is
   * told again for as long as it lies there.
   *
   * @returns `damaged` of them were set aside just now
   */
  async load(): Promise<{ states: JailState[]; unreadable: UnreadableState[]; damaged: UnreadableState[] }> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const states: JailState[] = [];
    const unreadable: UnreadableState[] = [];
    const damaged: UnreadableState[] = [];
    for (const file of (await readdir(this.#folder)).toSorted()) {
      // what a killed agent was writing
      if (file.endsWith('.tmp')) await rm(join(this.#folder, file), { force: true });
      const before = setAsidePattern.exec(file)?.[1];
      if (before !== undefined)
        unreadable.push({
          name: before,
          kind: 'damaged',
          file: join(this.#folder, file),
          why: 'it was set aside before',
        });
      if (!file.endsWith('.json') || file.startsWith('.')) continue;
      const name = file.slice(0, -'.json'.length);
      const read = await this.#read(name);
      if ('state' in read) states.push(read.state);
      else if (read.kind === 'newer') unreadable.push({ name, file: this.#file(name), ...read });
      else damaged.push(await this.#setAside(name, read.why));
    }
    return { states, unreadable: [...unreadable, ...damaged], damaged };
  }

  /**
   * Reads the state of one jail, also without an agent.
   *
   * @throws ProdngError JAIL_UNKNOWN when there is none that can be read
   */
  async find(name: string): Promise<JailState> {
    const read = await this.#read(name);
    if ('state' in read) return read.state;
    throw new ProdngError('JAIL_UNKNOWN', `no jail named ${name} is installed: ${read.why}`, {
      hint: 'see which are: prodng ls',
    });
  }

  async save(state: JailState): Promise<void> {
    await writeFileAtomic(
      this.#file(state.name),
      `${JSON.stringify({ ...state, format: stateFormat }, undefined, 2)}\n`,
      0o600,
    );
  }

  async remove(name: string): Promise<void> {
    await rm(this.#file(name), { force: true });
    await syncFolder(this.#folder);
  }

  #file(name: string): string {
    return join(this.#folder, `${name}.json`);
  }

  async #read(name: string): Promise<{ state: JailState } | Pick<UnreadableState, 'kind' | 'why'>> {
    try {
      return parseState(name, await readFile(this.#file(name), 'utf8'));
    } catch (error) {
      return { kind: 'damaged', why: messageOf(error) };
    }
  }

  async #setAside(name: string, why: string): Promise<UnreadableState> {
    const file = join(this.#folder, `${name}.damaged-${Date.now()}`);
    await rename(this.#file(name), file);
    return { name, kind: 'damaged', file, why };
  }
}

/**
 * Reads the text of a state file. A higher format, or a key that this version does not know, is a later version's: it
 * is not damage.
 */
export function parseState(
  name: string,
  text: string,
): { state: JailState } | Pick<UnreadableState, 'kind' | 'why'> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { kind: 'damaged', why: messageOf(error) };
  }
  const format = z.looseObject({ format: z.number().int() }).safeParse(value).data?.format ?? 0;
  if (format > stateFormat)
    return { kind: 'newer', why: `format ${format}; this version knows ${stateFormat}` };
  const parsed = jailStateSchema.safeParse(value);
  if (!parsed.success) {
    const isNewer = parsed.error.issues.every(({ code }) => code === 'unrecognized_keys');
    return { kind: isNewer ? 'newer' : 'damaged', why: prettifyError(parsed.error) };
  }
  const { data } = parsed;
  if (data.name !== name) return { kind: 'damaged', why: `it is the state of ${data.name}` };
  if (!data.versions.some(({ sha256 }) => sha256 === data.current))
    return { kind: 'damaged', why: 'its current version is none of its versions' };
  return { state: data };
}
