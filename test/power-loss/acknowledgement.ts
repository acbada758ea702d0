import { z } from 'zod';
import type { LogEntry } from './write-log.ts';

/** Bytes of the file system on the logged disk, as scripts/test-vm makes it; behind it stands what the operator was told. */
export const fileSystemSize = 192 * 2 ** 20;
export const acknowledgementSize = 16 * 2 ** 10;

const jail = z.strictObject({
  version: z.string(),
  desired: z.enum(['running', 'stopped']),
  /** `memory` of its file in jails.d. */
  memory: z.number().optional(),
  /** A file of that name, and with it, is on its volume, and synced. */
  row: z.string().optional(),
});

/**
 * Written past the file system when the command line has answered: its place in the log of writes is the moment from
 * which on nothing of it may be lost.
 */
const acknowledgementSchema = z.strictObject({
  seq: z.number(),
  command: z.string(),
  /** All jails as they are to be from now on. */
  jails: z.record(z.string(), jail),
  /** Names of jails whose volumes are to be gone. */
  purged: z.array(z.string()),
  /** Number of the last record in the log of events. */
  events: z.number(),
  /** Digests of the unpacked trees, by the SHA-256 of their .debs. */
  trees: z.record(z.string(), z.string()),
});

export type Acknowledgement = z.infer<typeof acknowledgementSchema>;
export type ExpectedJail = z.infer<typeof jail>;

export function encodeAcknowledgement(acknowledgement: Acknowledgement): Buffer {
  const text = JSON.stringify(acknowledgement);
  const block = Buffer.alloc(acknowledgementSize);
  if (block.write(text) < Buffer.byteLength(text)) throw new Error(`too much for a block: ${text}`);
  return block;
}

/** @returns those that an entry holds: none, but for writes past the file system */
export function acknowledgementIn({ offset, data }: LogEntry): Acknowledgement | undefined {
  if (offset < fileSystemSize || data.length === 0) return undefined;
  const text = Buffer.from(data).toString('utf8').replace(/\0+$/, '');
  return acknowledgementSchema.parse(JSON.parse(text));
}
