import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { type RunRecord, startTimeOf } from '../../jail/lifecycle/jail-slot.ts';

const processRecord = { pid: z.number().int().positive().optional(), startTime: z.string().optional() };

/** One run of a jail: enough to take it over, or to clear it away, by an agent that did not start it. */
export const runFileSchema = z.object({
  format: z.literal(1),
  /** The kernel's id of this boot: pids of another one mean nothing. */
  boot: z.string(),
  /** `creating`: its service has not executed an instruction; such a run is never taken over. */
  phase: z.enum(['creating', 'running']),
  started: z.iso.datetime(),
  /** What a macvlan jail hangs on. */
  network: z.object({ link: z.string(), address: z.string(), gateway: z.string().optional() }).optional(),
  record: z.object({
    name: z.string(),
    id: z.string().regex(/^[\w+.-]+$/),
    deb: z.string(),
    version: z.string(),
    sha256: z.string(),
    runtime: z.tuple([z.string()], z.string()),
    cgroup: z.string().regex(/^\/prodng-[\w+.-]+$/),
    cgroups: z.enum(['v1', 'v2']),
    bundle: z.string(),
    supervisor: z.number(),
    ...processRecord,
  }),
});

export type RunFile = Omit<z.infer<typeof runFileSchema>, 'record'> & { record: RunRecord };

let knownBoot: string | undefined;

/** The kernel's id of this boot: asked once, as a process does not outlive it. */
export function bootId(): string {
  knownBoot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return knownBoot;
}

/** Writes it whole or not at all. It is not synced, as nothing of a run outlives a reboot. */
export function writeRunFile(folder: string, run: RunFile): void {
  const file = runFilePath(folder, run.record.id);
  writeFileSync(`${file}.new`, `${JSON.stringify(run, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

export function removeRunFile(folder: string, id: string): void {
  rmSync(runFilePath(folder, id), { force: true });
}

/** All that can be read; the rest is not ours, or was cut short by a full disk, and is removed. */
export function readRunFiles(folder: string): RunFile[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    const run = name.endsWith('.json') ? readRunFile(path) : undefined;
    if (run === undefined) rmSync(path, { recursive: true, force: true });
    return run ?? [];
  });
}

function readRunFile(path: string): RunFile | undefined {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
  const parsed = runFileSchema.safeParse(value);
  if (!parsed.success) return undefined;
  const { record, ...run } = parsed.data;
  const { pid, startTime, ...rest } = record;
  return {
    ...run,
    record: {
      ...rest,
      ...(pid === undefined ? {} : { pid }),
      ...(startTime === undefined ? {} : { startTime }),
    },
  };
}

/** Whether the first process of a run lives. */
export function isRunning({ boot, record }: RunFile): boolean {
  const { pid, startTime } = record;
  return boot === bootId() && pid !== undefined && startTimeOf(pid) === startTime;
}

function runFilePath(folder: string, id: string): string {
  return join(folder, `${id}.json`);
}
