import { z } from 'zod';
import { capabilityNames } from '../../control/capabilities.ts';
import { exposureScore } from '../../control/exposure.ts';
import type { JailDeclaration } from '../../control/jail-declaration.ts';
import { errnoOf } from '../../error/prodng-error.ts';
import { type InForce, readInForce } from '../../jail/confine/in-force.ts';
import { isRunning, type RunFile } from '../state/run-file.ts';

/** How much of the host and the network a running jail could reach: what `prodng lint --score` gives for a .deb. */
export const exposureSchema = z
  .object({
    /** 0 (nothing) to 10. */
    value: z.number(),
    rows: z.array(z.object({ what: z.string(), points: z.number(), most: z.number(), why: z.string() })),
  })
  .meta({ id: 'Exposure' });

/**
 * The exposure of a running jail.
 *
 * @returns nothing when it has ended
 */
export function exposureOf(
  run: RunFile,
  declaration: JailDeclaration,
): z.infer<typeof exposureSchema> | undefined {
  const { pid, cgroups } = run.record;
  if (pid === undefined || !isRunning(run)) return undefined;
  let inForce: InForce;
  try {
    inForce = readInForce(pid, cgroups);
  } catch (error) {
    if (endingCodes.includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
  return exposureScore(asInForce(declaration, inForce));
}

/**
 * What proc(5) answers for a process that is ending or has ended: an exiting one still counts as alive when it has given
 * its namespaces up, and mountinfo is then EINVAL.
 */
const endingCodes = ['EINVAL', 'ENOENT', 'ESRCH'];

/**
 * A declaration with what the kernel can be asked for at any time: limits, as an operator's overrides may have come
 * since the start, and the bounding set, as a service that has given capabilities up for itself may have children
 * that did not. The rest cannot be changed from outside while a jail runs, and was compared with the kernel's word
 * before the service began.
 */
function asInForce(
  declaration: JailDeclaration,
  { limits, capabilities }: Pick<InForce, 'limits' | 'capabilities'>,
): JailDeclaration {
  const { memory, cpu, pids } = limits;
  const none = Number.POSITIVE_INFINITY;
  return {
    ...declaration,
    capabilities: capabilityNames.filter((_, bit) => (capabilities.CapBnd >> BigInt(bit)) & 1n).toSorted(),
    memory: memory ?? none,
    cpu: cpu ?? none,
    pids: pids ?? none,
  };
}
