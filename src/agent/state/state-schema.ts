import { z } from 'zod';
import { jailNamePattern } from './jail-name.ts';
import { linkSchema } from './networks-schema.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const time = z.iso.datetime();

/** A version of a package that is unpacked and can run. */
export const installedVersion = z.strictObject({
  version: z.string().min(1),
  sha256,
  installed: time,
  /** The .deb's control stanza: the declarations are read from it anew. */
  control: z.string(),
  /** Files that the operator has put in the place of the package's: SHA-256 by path. */
  configuration: z.record(z.string(), sha256).optional(),
});

/** Of the files below, see docs/agent.md: a file of a higher format is left alone. */
export const stateFormat = 3;

/** How a run ended: format 1 had no reason and no signal; format 2 had no configuration of versions. */
export const lastExitSchema = z.strictObject({
  /** 128 and the number of the signal that ended it; absent when nobody was left to ask. */
  status: z.number().int().optional(),
  time,
  /**
   * `oom`: the kernel killed it at its limit of memory; `health`: its checks failed; `operator`: stop, kill or an
   * upgrade; `signal`: one that somebody else sent; `exit`: by itself.
   */
  reason: z.enum(['exit', 'signal', 'oom', 'health', 'operator', 'unknown']).optional(),
  signal: z.string().optional(),
});
export type LastExit = z.infer<typeof lastExitSchema>;

/** All that is kept of a jail for as long as it is installed. */
export const jailStateSchema = z.strictObject({
  /** Any that this version reads; it writes the last of them. */
  format: z.union([z.literal(1), z.literal(2), z.literal(stateFormat)]),
  name: z.string().regex(jailNamePattern),
  desired: z.enum(['running', 'stopped']),
  /** The SHA-256 of the version that runs, or is to run. */
  current: sha256,
  /** The one that `rollback` goes to. */
  previous: sha256.optional(),
  /** The newest last. */
  versions: z.array(installedVersion).min(1),
  /** An upgrade or rollback that has begun: until it is done, `current` is what counts. */
  switching: z.strictObject({ to: sha256, kind: z.enum(['upgrade', 'rollback']) }).optional(),
  /** It is being removed, and its volumes too if it says so. */
  removing: z.strictObject({ purge: z.boolean() }).optional(),
  /** What it has from a network's pool, until it is removed. */
  address: z
    .strictObject({ network: z.string(), uplink: linkSchema, address: z.union([z.cidrv4(), z.cidrv6()]) })
    .optional(),
  /** How often it was started again, and by whose decision it may stop being tried. */
  restarts: z.number().int().nonnegative(),
  /** Failures in a row, which make the wait for its next start longer. */
  failures: z.number().int().nonnegative().optional(),
  /** How and when its last run ended. */
  lastExit: lastExitSchema.optional(),
  created: time,
});

export type InstalledVersion = z.infer<typeof installedVersion>;
export type JailState = z.infer<typeof jailStateSchema>;
