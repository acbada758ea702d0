import { createReadStream } from 'node:fs';
import { errnoOf, ProdngError, reasonOf } from '../../error/prodng-error.ts';
import { type EventHead, faultOf, genesis, parseRecord } from './event-record.ts';

/** What a check of the log found. */
export interface EventVerdict {
  records: number;
  /** The hash of the last record: kept elsewhere, it proves that none was cut off the end, or all of them replaced. */
  head: string;
  /** The first line that is not what it was, from 1, and why; absent when all is well. */
  broken?: { line: number; why: string };
}

export interface EventExpectation {
  /** What the last record must be: only so are records found missing that were cut off the end. */
  head?: EventHead;
  /** The hash of a record that somebody noted down before: only so is a log found that was written anew from its start. */
  known?: string;
  /** Heads of the log that it must have had: records that were noted elsewhere, by their numbers. */
  checkpoints?: readonly (EventHead & { time: string })[];
  /** Bytes of the log that count: what is being appended meanwhile does not. */
  size?: number;
}

/**
 * Checks every record of a log against the one before. Reads it piece by piece, as it grows for years.
 *
 * @throws ProdngError IO when it cannot be read
 */
export async function verifyEvents(path: string, expected: EventExpectation = {}): Promise<EventVerdict> {
  const { head, known, size, checkpoints = [] } = expected;
  const noted = new Map(checkpoints.map((checkpoint) => [checkpoint.seq, checkpoint]));
  let previous = genesis;
  let records = 0;
  let isKnown = known === undefined;
  const broken = (why: string): EventVerdict => ({
    records,
    head: previous,
    broken: { line: records + 1, why },
  });
  for await (const { line, isWhole } of linesOf(path, size)) {
    if (!isWhole) return broken('the last line is not whole');
    const why = faultOf(line, records + 1, previous);
    if (why !== undefined) return broken(why);
    previous = parseRecord(line)?.hash ?? previous;
    isKnown ||= previous === known;
    const checkpoint = noted.get(records + 1);
    if (checkpoint !== undefined && checkpoint.hash !== previous)
      return broken(`the checkpoint of ${checkpoint.time} has another record here: the log was rewritten`);
    noted.delete(records + 1);
    records++;
  }
  if (head !== undefined && (head.seq !== records || head.hash !== previous))
    return broken(`${head.seq} records were written, the last of them is not here`);
  const [missing] = [...noted.values()].toSorted((a, b) => a.seq - b.seq);
  if (missing !== undefined)
    return broken(`the checkpoint of ${missing.time} has ${missing.seq} records: the end was cut off`);
  if (!isKnown) return broken(`no record has the hash ${known}: this is not the log that had it`);
  return { records, head: previous };
}

/** A line ends with a line feed and nothing else; readers of lines that know carriage returns would not see them. */
async function* linesOf(
  path: string,
  size = Number.POSITIVE_INFINITY,
): AsyncGenerator<{ line: string; isWhole: boolean }> {
  if (size === 0) return;
  let rest = Buffer.alloc(0);
  try {
    for await (const chunk of createReadStream(path, { end: size - 1 })) {
      rest = Buffer.concat([rest, chunk]);
      const end = rest.lastIndexOf(0x0a) + 1;
      const lines = rest.toString('utf8', 0, end).split('\n').slice(0, -1);
      rest = rest.subarray(end);
      for (const line of lines) yield { line, isWhole: true };
    }
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return;
    throw new ProdngError('IO', `${path}: the log of events cannot be read: ${reasonOf(error)}`, {
      cause: error,
    });
  }
  if (rest.length > 0) yield { line: rest.toString('utf8'), isWhole: false };
}
