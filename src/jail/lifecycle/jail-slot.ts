import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errnoOf, ProdngError } from '../../error/prodng-error.ts';
import type { Paths } from '../../system/paths.ts';
import type { CgroupMode } from '../runtime/runtime.ts';
import { nameLockPath, releaseNameLock, tryNameLock } from './name-lock.ts';

/** What is known of a running jail: enough to end it and clear it away without the process that started it. */
export interface RunRecord {
  name: string;
  /** The runtime's name for this run; the control group and the bundle have it too. */
  id: string;
  deb: string;
  version: string;
  sha256: string;
  /** The program that made it, with its global options. */
  runtime: [string, ...string[]];
  cgroup: string;
  cgroups: CgroupMode;
  bundle: string;
  /** prodng's own process. */
  supervisor: number;
  /** The jail's first process, once there is one, and when it was started, in clock ticks since boot. */
  pid?: number;
  startTime?: string;
}

/** The right to run a jail of that name; no other process runs one meanwhile: its volumes cannot be shared. */
export interface JailSlot {
  /** Keeps what a later run needs to clear away after us. */
  record(record: RunRecord): void;
  /** Forgets the record and gives the name back. */
  release(): void;
}

export function runFolder(paths: Paths): string {
  return join(paths.run, 'jails');
}

/** Another run may hold a name for the moment in which it checks whether there is anything to clear away. */
const patience = 500;

/**
 * Takes the slot of a name, for as long as this process lives.
 *
 * @param wait how long to try, in ms
 * @throws ProdngError BUSY when a jail of that name runs
 */
export async function takeSlot(name: string, paths: Paths, wait = patience): Promise<JailSlot> {
  const folder = runFolder(paths);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, `${name}.json`);
  const lock = nameLockPath(folder, name);
  const fd = tryNameLock(lock) ?? (await tryAgain(lock, wait));
  if (fd === undefined) {
    throw new ProdngError('BUSY', `a jail named ${name} is running`, {
      hint: 'give this one a name, and so volumes and a uid range, of its own: --name NAME',
    });
  }
  return {
    record(record) {
      // whole or not at all; not synced, as nothing of it outlives a reboot
      writeFileSync(`${file}.new`, `${JSON.stringify(record, undefined, 2)}\n`, { mode: 0o600 });
      renameSync(`${file}.new`, file);
    },
    release() {
      rmSync(file, { force: true });
      releaseNameLock(lock, fd);
    },
  };
}

async function tryAgain(lock: string, wait: number): Promise<number | undefined> {
  const end = performance.now() + wait;
  while (performance.now() < end) {
    await sleep(20);
    const fd = tryNameLock(lock);
    if (fd !== undefined) return fd;
  }
  return undefined;
}

/** The records of jails whose prodng is gone, each with its slot taken. */
export async function* abandonedJails(paths: Paths): AsyncGenerator<{ record: RunRecord; slot: JailSlot }> {
  const folder = runFolder(paths);
  for (const name of namesIn(folder)) {
    let slot: JailSlot;
    try {
      slot = await takeSlot(name, paths, 0);
    } catch (error) {
      if (error instanceof ProdngError && error.code === 'BUSY') continue;
      throw error;
    }
    const record = await readRecord(join(folder, `${name}.json`));
    if (record === undefined) slot.release();
    else yield { record, slot };
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.json') && !name.startsWith('.'))
      .map((name) => name.slice(0, -'.json'.length));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/** A file that is none, as one cut short by a full disk, names nothing that could be cleared away. */
async function readRecord(file: string): Promise<RunRecord | undefined> {
  const { z } = await import('zod');
  const schema = z.object({
    name: z.string(),
    // names of a folder and of a control group are made of it: it must remove no others
    id: z.string().regex(/^[a-z0-9][a-z0-9+.-]*-[0-9a-f]{8}$/),
    deb: z.string(),
    version: z.string(),
    sha256: z.string(),
    runtime: z.tuple([z.string()], z.string()),
    cgroups: z.enum(['v1', 'v2']),
    supervisor: z.number().int(),
    pid: z.number().int().positive().optional(),
    startTime: z.string().optional(),
  });
  try {
    const { pid, startTime, ...record } = schema.parse(JSON.parse(readFileSync(file, 'utf8')));
    return {
      ...record,
      ...placesOf(dirname(file), record.id),
      ...(pid === undefined ? {} : { pid }),
      ...(startTime === undefined ? {} : { startTime }),
    };
  } catch {
    return undefined;
  }
}

/** What a run has by its id alone: its bundle and its control group. */
export function placesOf(folder: string, id: string): { bundle: string; cgroup: string } {
  return { bundle: join(folder, id), cgroup: `/prodng-${id}` };
}

/**
 * When a living process was started, in clock ticks since boot: with the pid it names a process for good; undefined
 * when it has ended, even if it has not been waited for yet. proc_pid_stat(5).
 */
export function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // the program's name, in parentheses, may hold blanks and parentheses
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
