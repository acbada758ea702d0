import { z } from 'zod';
import type { JailDeclaration } from '../../control/jail-declaration.ts';
import { formatSize } from '../../control/quantity.ts';
import { ProdngError } from '../../error/prodng-error.ts';

const bytes = z.number().int().positive();

/** How much of the host's disk volumes may take: `volumes` of agent.json. */
export const volumePolicySchema = z
  .strictObject({
    largest: bytes.optional().describe('Bytes of one volume'),
    total: bytes
      .optional()
      .describe('Bytes of all volumes of all jails together; needs withoutSize "refuse"'),
    withoutSize: z
      .enum(['allow', 'refuse'])
      .default('allow')
      .describe('Whether a volume may declare no size: it can fill the file system'),
    reserve: z
      .boolean()
      .default(true)
      .describe('Whether all blocks of a volume with a size are allocated before its jail starts'),
  })
  .refine(({ total, withoutSize }) => total === undefined || withoutSize === 'refuse', {
    path: ['total'],
    error: 'it cannot be kept while volumes without a size are allowed: set withoutSize to "refuse"',
  })
  .prefault({});

export type VolumePolicy = z.infer<typeof volumePolicySchema>;

/** A jail, and what each of its kept versions declares. */
export interface VolumeOwner {
  name: string;
  declarations: readonly Pick<JailDeclaration, 'filesystem'>[];
}

/**
 * Compares a jail's volumes with the host's policy. A volume never shrinks: the largest size that any kept version
 * declares counts.
 *
 * @param others all other jails of the host
 * @throws ProdngError POLICY
 */
export function assertVolumesAllowed(
  jail: VolumeOwner,
  others: Iterable<VolumeOwner>,
  { largest, total, withoutSize }: Omit<VolumePolicy, 'reserve'>,
): void {
  const refuse = (why: string, setting: string) =>
    new ProdngError('POLICY', `${jail.name}: Jail-Filesystem: ${why}`, {
      hint: `the host's policy says so: volumes.${setting} in agent.json`,
    });
  for (const { filesystem } of jail.declarations)
    for (const mount of filesystem) {
      if (mount.kind !== 'rw') continue;
      if (mount.size === undefined && withoutSize === 'refuse')
        throw refuse(`the volume ${mount.path} has no size`, 'withoutSize');
      if (largest !== undefined && (mount.size ?? 0) > largest)
        throw refuse(
          `the volume ${mount.path} of ${formatSize(mount.size ?? 0)} is larger than ${formatSize(largest)}`,
          'largest',
        );
    }
  if (total === undefined) return;
  const own = sizeOf(jail);
  // a jail without volumes takes nothing, however much others have
  if (own === 0) return;
  const taken = [...others].reduce((sum, other) => sum + sizeOf(other), 0);
  if (own + taken <= total) return;
  throw refuse(
    `its volumes of ${formatSize(own)} do not fit: other jails have ${formatSize(taken)} of ${formatSize(total)}`,
    'total',
  );
}

function sizeOf({ declarations }: VolumeOwner): number {
  const sizes = new Map<string, number>();
  for (const { filesystem } of declarations)
    for (const mount of filesystem)
      if (mount.kind === 'rw') sizes.set(mount.path, Math.max(sizes.get(mount.path) ?? 0, mount.size ?? 0));
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}
