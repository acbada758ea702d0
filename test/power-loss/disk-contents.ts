import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EventLog } from '../../src/agent/events/event-log.ts';
import type { EventVerdict } from '../../src/agent/events/verify-events.ts';
import { overridesSchema } from '../../src/agent/state/overrides-schema.ts';
import { type JailState, jailStateSchema } from '../../src/agent/state/state-schema.ts';
import { parseRanges } from '../../src/jail/storage/uid-range.ts';
import { run } from '../../src/system/process.ts';
import { treeDigest } from './tree-digest.ts';

/** What an agent has left on a disk. */
export interface DiskContents {
  jails: Map<string, JailState>;
  /** `memory` by the names of jails. */
  memory: Map<string, number | undefined>;
  events: EventVerdict;
  /** Digests of the unpacked trees, by their names. */
  trees: Map<string, string>;
  /** Files of the volumes that hold their own name, by the names of jails. */
  rows: Map<string, string[]>;
}

/** @returns what e2fsck says that a boot could not mend by itself, if anything */
export async function mend(image: string): Promise<string[]> {
  const { exitCode, stdout } = await run(['e2fsck', '-f', '-p', image], { accept: [0, 1, 4, 8, 12] });
  return exitCode <= 1 ? [] : [`e2fsck: ${stdout}`];
}

/**
 * Reads all that is on a disk without mounting it.
 *
 * @param folder where it is copied to
 * @throws Error what is not whole
 */
export async function readDisk(image: string, folder: string): Promise<DiskContents> {
  mkdirSync(folder);
  // debugfs ends with 0 whatever it says
  const { stderr } = await run(['debugfs', '-R', `rdump / ${folder}`, image]);
  const said = stderr.replace(/^debugfs .*\n?/, '');
  if (said !== '') throw new Error(`debugfs: ${said}`);
  const state = join(folder, 'state');
  const ranges = join(state, 'uid-ranges.json');
  if (existsSync(ranges)) parseRanges(readFileSync(ranges, 'utf8'), 'uid-ranges.json');
  const jails = jsonFiles(join(state, 'jails')).map(
    ([name, value]) => [name, jailStateSchema.parse(value)] as const,
  );
  const overrides = jsonFiles(join(folder, 'etc/jails.d')).map(
    ([name, value]) => [name, overridesSchema.parse(value).memory] as const,
  );
  return {
    jails: new Map(jails),
    memory: new Map(overrides),
    events: await verdictOf(join(state, 'events.jsonl')),
    trees: new Map(
      listed(join(state, 'installed/jails'))
        .filter((name) => /^[0-9a-f]{64}$/.test(name))
        .map((name) => [name, treeDigest(join(state, 'installed/jails', name))]),
    ),
    rows: new Map(await Promise.all(listed(join(state, 'volumes')).map((name) => rowsOf(state, name)))),
  };
}

/** As the next agent finds it, which cuts off what was being written. */
async function verdictOf(path: string): Promise<EventVerdict> {
  const log = new EventLog(path);
  await log.open();
  try {
    return await log.verify();
  } finally {
    await log.close();
  }
}

async function rowsOf(state: string, name: string): Promise<[string, string[]]> {
  const folder = join(state, 'volumes', name);
  const image = listed(folder).find((file) => file.endsWith('.ext4'));
  if (image === undefined) return [name, []];
  const path = join(folder, image);
  const faults = await mend(path);
  if (faults.length > 0) throw new Error(`${name}: its volume: ${faults.join('\n')}`);
  const copied = join(folder, 'copied');
  mkdirSync(copied);
  await run(['debugfs', '-R', `rdump / ${copied}`, path]);
  const rows = listed(copied).filter((file) => file.startsWith('row'));
  return [name, rows.filter((row) => readFileSync(join(copied, row), 'utf8') === `${row}\n`)];
}

function jsonFiles(folder: string): [string, unknown][] {
  return listed(folder)
    .filter((file) => file.endsWith('.json') && !file.startsWith('.'))
    .map((file) => {
      const text = readFileSync(join(folder, file), 'utf8');
      try {
        return [file.slice(0, -'.json'.length), JSON.parse(text)];
      } catch (error) {
        throw new Error(`${file}: half written: ${text}`, { cause: error });
      }
    });
}

function listed(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}
