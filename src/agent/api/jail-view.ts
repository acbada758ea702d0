import { z } from 'zod';
import { jailDeclarationSchema } from '../../control/declaration-json-schema.ts';
import { leaseFileSchema, readLease } from '../../jail/network/dhcp-lease.ts';
import type { AgentContext } from '../agent-context.ts';
import { exposureOf, exposureSchema } from '../metrics/exposure.ts';
import { observeModes } from '../observation/note.ts';
import { unpackedJail, versionOf } from '../packages/installed.ts';
import { readOverrides } from '../state/overrides-file.ts';
import { overridesSchema } from '../state/overrides-schema.ts';
import { isRunning } from '../state/run-file.ts';
import { lastExitSchema } from '../state/state-schema.ts';
import type { SupervisedJail } from '../supervision/supervised-jail.ts';

/** A jail in a list. */
export const jailSummarySchema = z
  .object({
    name: z.string(),
    version: z.string(),
    state: z.enum(['stopped', 'starting', 'running', 'stopping', 'waiting', 'crash-loop', 'frozen']),
    health: z.enum(['none', 'starting', 'healthy', 'unhealthy']),
    desired: z.enum(['running', 'stopped']),
    pid: z.number().int().optional(),
    started: z.string().optional(),
    /** Seconds since its first process began, by the monotonic clock. */
    uptime: z.number().optional(),
    restarts: z.number().int(),
    lastExit: z.object(lastExitSchema.shape).optional(),
    /** With its prefix: the one that a running macvlan jail has, or a stopped one keeps from its network's pool. */
    address: z.string().optional(),
    fault: z.string().optional(),
    /** What is observed of a jail that runs, and why it is not what it should be. */
    observed: z.object({ mode: z.enum(observeModes), fault: z.string().optional() }).optional(),
  })
  .meta({ id: 'JailSummary' });

/** All there is to know of a jail. */
export const jailDetailSchema = jailSummarySchema
  .extend({
    sha256: z.string(),
    created: z.string(),
    versions: z.array(z.object({ version: z.string(), sha256: z.string(), installed: z.string() })),
    previous: z.string().optional(),
    overrides: overridesSchema,
    /** What Jail-Credentials declares, and whether it is set; contents are never told. */
    credentials: z.array(z.object({ name: z.string(), required: z.boolean(), set: z.boolean() })),
    /** Files that the operator has replaced: SHA-256 by path. */
    configuration: z.record(z.string(), z.string()),
    declaration: jailDeclarationSchema,
    /** Of what is in force in a running jail. */
    exposure: exposureSchema.optional(),
    /** What a running macvlan jail hangs on. */
    network: z
      .object({
        link: z.string(),
        gateway: z.string().optional(),
        /** The address comes by DHCP; how the lease stands. */
        lease: leaseFileSchema.optional(),
      })
      .optional(),
    run: z.object({ id: z.string(), cgroup: z.string(), bundle: z.string() }).optional(),
  })
  .meta({ id: 'JailDetail' });

export type JailSummary = z.infer<typeof jailSummarySchema>;
export type JailDetail = z.infer<typeof jailDetailSchema>;

/** One that has ended, as while there was no agent, is not called running until its end has been dealt with. */
function stateOf({ run, phase }: SupervisedJail, lives: boolean): JailSummary['state'] {
  if (lives && run?.frozen === true) return 'frozen';
  return phase === 'running' && !lives ? 'stopping' : phase;
}

export function jailSummary(jail: SupervisedJail): JailSummary {
  const { state, run } = jail;
  const lives = run !== undefined && isRunning(run.file);
  const address = addressOf(jail, lives);
  const fault = jail.health.fault ?? jail.lastFault;
  return {
    name: jail.name,
    version: versionOf(state).version,
    state: stateOf(jail, lives),
    health: jail.health.status,
    desired: state.desired,
    ...(lives ? { pid: run.pid, started: run.file.started, uptime: Math.floor(run.age / 1000) } : {}),
    restarts: state.restarts,
    ...(address === undefined ? {} : { address }),
    ...(state.lastExit === undefined ? {} : { lastExit: state.lastExit }),
    ...(fault === undefined ? {} : { fault }),
    ...(lives && jail.observed !== undefined ? { observed: jail.observed } : {}),
  };
}

function addressOf({ run, state }: SupervisedJail, lives: boolean): string | undefined {
  const network = lives ? run?.file.network : undefined;
  if (network === undefined || run === undefined) return state.address?.address;
  if (network.address !== 'dhcp') return network.address;
  const lease = readLease(run.file.record.bundle);
  return lease?.state === 'bound' ? lease.address : undefined;
}

function networkOf({ run }: SupervisedJail): JailDetail['network'] {
  if (run?.file.network === undefined || !isRunning(run.file)) return undefined;
  const { link, address, gateway } = run.file.network;
  const lease = address === 'dhcp' ? readLease(run.file.record.bundle) : undefined;
  const way = gateway ?? (lease?.state === 'bound' ? lease.gateway : undefined);
  return { link, ...(way === undefined ? {} : { gateway: way }), ...(lease === undefined ? {} : { lease }) };
}

export async function jailDetail(
  jail: SupervisedJail,
  { paths, operator }: Pick<AgentContext, 'paths' | 'operator'>,
): Promise<JailDetail> {
  const { state, run } = jail;
  const installed = versionOf(state);
  const { declaration } = unpackedJail(installed, jail.name);
  const stored = declaration.credentials.length === 0 ? [] : await operator.credentials.list(jail.name);
  const { id, cgroup, bundle } = run?.file.record ?? {};
  const network = networkOf(jail);
  const exposure = run === undefined ? undefined : exposureOf(run.file, run.declaration);
  return {
    ...jailSummary(jail),
    sha256: state.current,
    created: state.created,
    versions: state.versions.map(({ version, sha256, installed }) => ({ version, sha256, installed })),
    ...(state.previous === undefined ? {} : { previous: state.previous }),
    overrides: await readOverrides(jail.name, paths),
    credentials: declaration.credentials.map(({ name, required }) => ({
      name,
      required,
      set: stored.some((one) => one.name === name),
    })),
    configuration: installed.configuration ?? {},
    ...(network === undefined ? {} : { network }),
    declaration: { ...declaration },
    ...(exposure === undefined ? {} : { exposure }),
    ...(id === undefined || cgroup === undefined || bundle === undefined
      ? {}
      : { run: { id, cgroup, bundle } }),
  };
}
