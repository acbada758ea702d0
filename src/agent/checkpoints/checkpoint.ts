import type { PublicKey } from 'openpgp';
import { z } from 'zod';
import { ProdngError } from '../../error/prodng-error.ts';
import { signStatement } from '../../sign/dsse.ts';
import type { Signer } from '../../sign/signer.ts';
import { openEnvelope } from '../../sign/verify-envelope.ts';
import type { EventHead } from '../events/event-record.ts';

/** The type of what is signed; docs/evidence.md describes it. */
export const checkpointType = 'application/vnd.prodng.event-checkpoint+json';

/** How far the event log of a host had come at a time. */
export const checkpointSchema = z.strictObject({
  host: z.string().min(1).max(255),
  /** ISO 8601, UTC, by the host's clock. */
  time: z.iso.datetime(),
  /** Of the last record, which is also the number of records. */
  seq: z.number().int().min(1),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
});

export type Checkpoint = z.infer<typeof checkpointSchema>;

/** @returns a DSSE envelope, one line of JSON with its line feed */
export function signCheckpoint(
  { seq, hash }: EventHead,
  host: string,
  signer: Signer,
  time = new Date(),
): Promise<string> {
  const checkpoint: Checkpoint = { host, time: time.toISOString(), seq, hash };
  return signStatement(JSON.stringify(checkpoint), [signer], checkpointType);
}

/**
 * Reads checkpoints, one envelope a line.
 *
 * @param name the file, for messages
 * @throws ProdngError SIGNATURE naming the first line that no key of the keyring has signed, or that is no checkpoint
 */
export async function readCheckpoints(
  text: string,
  name: string,
  keyring: readonly PublicKey[],
): Promise<Checkpoint[]> {
  const checkpoints: Checkpoint[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '') continue;
    const where = `${name}:${index + 1}`;
    const { payload, payloadType, reports } = await openEnvelope(line, where, keyring);
    if (!reports.some(({ status }) => status === 'valid'))
      throw new ProdngError('SIGNATURE', reports.map(({ message }) => message).join('; '), {
        hint: 'pass the public key of the host: --keyring host.asc',
      });
    const parsed = payloadType === checkpointType ? checkpointOf(payload) : undefined;
    if (parsed === undefined)
      throw new ProdngError('SIGNATURE', `${where}: not a checkpoint of an event log`);
    checkpoints.push(parsed);
  }
  if (checkpoints.length === 0) throw new ProdngError('SIGNATURE', `${name}: no checkpoints`);
  return checkpoints;
}

function checkpointOf(payload: Buffer): Checkpoint | undefined {
  try {
    return checkpointSchema.parse(JSON.parse(payload.toString('utf8')));
  } catch {
    return undefined;
  }
}
