import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { prettifyError, z } from 'zod';
import { type RunRecord, startTimeOf } from '../../jail/lifecycle/jail-slot.ts';

const processRecord = { pid: z.number().int().positive().optional(), startTime: z.string().optional() };

/** As stateFormat, of the files below. */
const runFormat = 1;

/** One run of a jail: enough to take it over, or to clear it away, by an agent that did not start it. */
export const runFileSchema = z.strictObject({
  format: z.literal(runFormat),
  /** The kernel's id of this boot: pids of another one mean nothing. */
  boot: z.string(),
  /** `creating`: its service has not executed an instruction; such a run is never taken over. */
  phase: z.enum(['creating', 'running']),
  started: z.iso.datetime(),
  /** What a macvlan jail hangs on. */
  network: z
    .strictObject({
      link: z.string(),
      address: z.string(),
      gateway: z.string().optional(),
      resolvers: z.array(z.string()).readonly().optional(),
    })
    .optional(),
  record: z.strictObject({
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

/** A run that a later version of prodng has made: it is left alone, and so is its jail. */
export interface NewerRun {
  /** The jail's name, where it can be told. */
  name: string | undefined;
  file: string;
  why: string;
}

/** Reads all of them. What is no run, or was cut short by a full disk, is removed; what is a later version's is not. */
export function readRunFiles(folder: string): { runs: RunFile[]; newer: NewerRun[] } {
  const runs: RunFile[] = [];
  const newer: NewerRun[] = [];
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const read = name.endsWith('.json') ? readRunFile(path) : undefined;
    if (read === undefined) rmSync(path, { recursive: true, force: true });
    else if ('record' in read) runs.push(read);
    else newer.push(read);
  }
  return { runs, newer };
}

/** As much as a later version will keep. */
const anyVersion = z.looseObject({
  format: z.number().int(),
  record: z.looseObject({ name: z.string() }).optional(),
});

/** One run's file; undefined when it is none. */
export function readRunFile(path: string): RunFile | NewerRun | undefined {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
  const parsed = runFileSchema.safeParse(value);
  if (!parsed.success) {
    const any = anyVersion.safeParse(value).data;
    const isNewer =
      any !== undefined &&
      (any.format > runFormat || parsed.error.issues.every(({ code }) => code === 'unrecognized_keys'));
    return isNewer ? { name: any.record?.name, file: path, why: prettifyError(parsed.error) } : undefined;
  }
  const { record, network, ...run } = parsed.data;
  const { pid, startTime, ...rest } = record;
  return {
    ...run,
    ...(network === undefined ? {} : { network }),
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
