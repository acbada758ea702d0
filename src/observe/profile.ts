import { z } from 'zod';
import { declaredSchema } from './declared.ts';
import { fileKinds, lossKinds, ways } from './layout.ts';

const count = z.number().int().min(0);
/** The number of a program in the same profile; 0 when it could not be told. */
const program = count;
const path = z.string().max(4096);

const programEntry = z.strictObject({
  id: count.min(1),
  /** As it was executed: a script is named, not its interpreter. */
  path,
  /** The file that the kernel loaded, as a path of the jail. */
  file: path,
  /** `entered`: executed from outside, as by `prodng exec` and health checks, and what that executed. */
  origin: z.enum(['service', 'entered']),
  executed: count,
  /** The file is not in the package: it lies in a volume or a tmpfs. */
  outside: z.boolean(),
  /** Which program executed it first; 0 for what was started from outside. */
  by: program,
});

const capabilityEntry = z.strictObject({
  capability: z.string().regex(/^CAP_[A-Z_0-9]+$/),
  program,
  /** Checks in the jail's own user namespace. */
  granted: count,
  denied: count,
  /** Of those denied: the call then failed with EPERM or EACCES. Absent where system calls were not recorded. */
  hard: count.optional(),
  /** Denied checks against the host's user namespace: no declaration helps. */
  host: count,
  hostHard: count.optional(),
});

const callEntry = z.strictObject({
  call: z.string().max(64),
  program,
  entered: count,
  /** Refused by the seccomp filter, also for its arguments. */
  refused: count,
  /** Failed with EPERM or EACCES. */
  denied: count,
  /** Failed with ENOSYS by the kernel itself. */
  missing: count,
});

const fileEntry = z.strictObject({
  /** Cut in front when it does not begin with a slash. */
  path,
  kind: z.enum(fileKinds),
  program,
  count,
});

const connectionEntry = z.strictObject({
  way: z.enum(ways),
  protocol: z.enum(['tcp', 'udp']),
  /** Of the peer; none for what listens and accepts. */
  address: z.union([z.ipv4(), z.ipv6()]).optional(),
  /** The peer's; for what listens and accepts, our own. */
  port: count.max(65_535),
  /** The errno of a connection that failed, by name. */
  error: z.string().max(32).optional(),
  program,
  count,
});

/**
 * What the kernel counted of a jail: of one version and run, or of several runs merged. A file of this kind comes from
 * anywhere: parse it.
 */
export const profileSchema = z.strictObject({
  prodngProfile: z.literal(1),
  package: z.string().min(1).max(256),
  version: z.string().min(1).max(256),
  /** Of the .deb. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** What was declared when it ran. */
  declared: declaredSchema,
  mechanism: z.enum(['bpf', 'tracefs']),
  /** `base`: capabilities, programs and TCP; `record`: also system calls and files. */
  mode: z.enum(['base', 'record']),
  kernel: z.string().max(256),
  runtime: z.string().max(256),
  /** When it saw the first instruction, or was attached. */
  began: z.iso.datetime(),
  /** How long it looked, in ms; the sum of all runs. */
  duration: count,
  runs: count.min(1),
  /** Whether every run was seen from its first instruction on. */
  fromStart: z.boolean(),
  /** Events that were not recorded, by kind: all 0 in a complete record. */
  lost: z.strictObject(
    Object.fromEntries(lossKinds.map((kind) => [kind, count])) as Record<
      (typeof lossKinds)[number],
      typeof count
    >,
  ),
  /** What it cannot have seen, in words. */
  blind: z.array(z.string().max(512)),
  /** Nothing was executed: nothing was seen, which is no record. */
  programs: z.array(programEntry).min(1),
  capabilities: z.array(capabilityEntry),
  calls: z.array(callEntry),
  files: z.array(fileEntry),
  connections: z.array(connectionEntry),
});

export type Profile = z.infer<typeof profileSchema>;
/** How many events a profile lacks. */
export function lostOf({ lost }: Profile): number {
  return Object.values(lost).reduce((sum, each) => sum + each, 0);
}

/** Whether it can be said of something that it never happened: seen from the first instruction on, and nothing lost. */
export function isWhole(profile: Profile): boolean {
  return profile.fromStart && lostOf(profile) === 0;
}
