import { z } from 'zod';
import { capabilityNames } from '../../control/capabilities.ts';
import type { ProcessFigures } from '../../observe/layout.ts';

/** What was counted of a process since it was forked, or of all processes of a run. */
export const processFiguresSchema = z
  .object({
    /** Capabilities that it has used, and that it was denied, in its own namespace or on the host. */
    used: z.array(z.string()),
    denied: z.array(z.string()),
    /** TCP connections that it has asked for. */
    connections: z.number().int(),
    /** Programs that it has executed. */
    executed: z.number().int(),
    /** Calls that seccomp refused: in mode record, and with a policy on them. */
    refused: z.number().int().optional(),
    /** Files that it has opened: in mode record. */
    opened: z.number().int().optional(),
  })
  .meta({ id: 'ProcessFigures' });

export type ObservedFigures = z.infer<typeof processFiguresSchema>;

/** @param counts what is counted besides in the mode of the jail */
export function observedFigures(
  { used, denied, connections, executed, refused, opened }: ProcessFigures,
  counts: { refusals: boolean; files: boolean },
): ObservedFigures {
  return {
    used: namesOf(used),
    denied: namesOf(denied),
    connections,
    executed,
    ...(counts.refusals ? { refused } : {}),
    ...(counts.files ? { opened } : {}),
  };
}

function namesOf(bits: bigint): string[] {
  return capabilityNames.filter((_, number) => (bits >> BigInt(number)) & 1n);
}
