import { createHash } from 'node:crypto';

/** What happened, to which jail, by whose wish. */
export interface AgentEvent {
  /** Counts from 1. */
  seq: number;
  /** ISO 8601, UTC. */
  time: string;
  /** `started`, `exited`, `installed`, ... */
  kind: string;
  jail?: string;
  /** Who asked for it: `uid 0`, `certificate CN`; absent when the agent did it by itself. */
  by?: string;
  detail?: Readonly<Record<string, string | number | boolean>>;
}

/** An event in the log: with the hash of the one before it, and its own. */
export interface EventRecord extends AgentEvent {
  previous: string;
  hash: string;
}

/** The last record's number and hash. */
export interface EventHead {
  seq: number;
  hash: string;
}

/** What comes before the first record. */
export const genesis = '0'.repeat(64);

/** SHA-256 over the record without its own hash, in the order of its keys; it covers the hash of the one before. */
export function hashOf({ seq, time, kind, jail, by, detail, previous }: Omit<EventRecord, 'hash'>): string {
  return createHash('sha256')
    .update(JSON.stringify({ seq, time, kind, jail, by, detail, previous }))
    .digest('hex');
}

/** In the order in which it was written, and with nothing else in it. */
export function parseRecord(line: string): EventRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { seq, time, kind, jail, by, detail, previous, hash }: Partial<EventRecord> = value;
  if (typeof seq !== 'number' || typeof time !== 'string' || typeof kind !== 'string') return undefined;
  if (typeof previous !== 'string' || typeof hash !== 'string') return undefined;
  return {
    seq,
    time,
    kind,
    ...(jail === undefined ? {} : { jail }),
    ...(by === undefined ? {} : { by }),
    ...(detail === undefined ? {} : { detail }),
    previous,
    hash,
  };
}

/** What is wrong with a line in that place. */
export function faultOf(line: string, seq: number, previous: string): string | undefined {
  const record = parseRecord(line);
  if (record === undefined) return 'it is not a record';
  if (JSON.stringify(record) !== line) return 'it holds more than a record does';
  if (record.seq !== seq) return `it is number ${record.seq} in the place of number ${seq}`;
  if (record.previous !== previous) return 'it does not follow the record before it';
  return hashOf(record) === record.hash ? undefined : 'it was edited';
}
