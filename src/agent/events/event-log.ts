import { EventEmitter } from 'node:events';
import { constants, statSync } from 'node:fs';
import { type FileHandle, mkdir, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf, ProdngError, reasonOf } from '../../error/prodng-error.ts';
import { currentActor } from '../api/actor.ts';
import type { EventKind } from './event-kinds.ts';
import {
  type AgentEvent,
  type EventHead,
  type EventRecord,
  genesis,
  hashOf,
  parseRecord,
} from './event-record.ts';
import { readLastLines } from './last-lines.ts';
import { truncateTornTail } from './truncate-torn-tail.ts';
import { type EventVerdict, verifyEvents } from './verify-events.ts';

/** Records that one request reads at most. */
const mostRead = 100_000;
/** Records that may wait in memory for a disk that takes none; of what comes then, the number is kept. */
const mostWaiting = 10_000;
/** ms until a write that failed is tried again. */
const patience = 1000;

/**
 * The agent's append-only log of events, one JSON record a line. Each carries the hash of the one before, so that no
 * record can be edited, removed or moved without every later hash being wrong.
 *
 * A full or failing disk does not keep the agent from its work: records wait in memory, in their order, until they can
 * be written.
 *
 * Emits `event` with each record, and `fault` when writing begins to fail.
 */
export class EventLog<Kind extends string = EventKind> extends EventEmitter<{
  event: [EventRecord];
  fault: [unknown];
}> {
  readonly #path: string;
  #file: FileHandle | undefined;
  #headFile: FileHandle | undefined;
  /** Of what was appended, and of what is on disk. */
  #last: EventHead = { seq: 0, hash: genesis };
  #written: EventHead = { seq: 0, hash: genesis };
  /** Records that are not on disk yet, in their order. */
  #unwritten: EventRecord[] = [];
  #size = 0;
  #writing: Promise<void> = Promise.resolve();
  /** Events that were too many to wait for a disk. */
  #dropped = 0;
  #isFailing = false;
  #retry: NodeJS.Timeout | undefined;

  constructor(path: string) {
    super();
    this.#path = path;
    // each follower of the API listens
    this.setMaxListeners(0);
  }

  /** The number of the last event; 0 when there is none. */
  get seq(): number {
    return this.#last.seq;
  }

  /** The last record that is on disk, once nothing is being written. */
  async written(): Promise<EventHead> {
    await this.#settled();
    return this.#written;
  }

  /** Opens it, cutting off the half record that a loss of power may have left at its end. */
  async open(): Promise<void> {
    await mkdir(dirname(this.#path), { recursive: true });
    const head = await readHead(this.#path);
    await truncateTornTail(this.#path, head);
    const { lines, end } = await readLastLines(this.#path, 1);
    this.#size = end;
    const last = parseRecord(lines[0] ?? '');
    if (last !== undefined) this.#last = { seq: last.seq, hash: last.hash };
    // behind the head that was written down, records are missing: what follows must not join seamlessly
    if (head !== undefined && head.seq > this.#last.seq) this.#last = head;
    this.#written = this.#last;
    this.#file = await open(this.#path, 'a', 0o640);
    this.#headFile = await open(headPath(this.#path), constants.O_WRONLY | constants.O_CREAT, 0o640);
  }

  /** Appends an event. When the promise is kept it is on disk, or waits as the disk has refused it for the time being. */
  append(kind: Kind | EventKind, jail?: string, detail?: AgentEvent['detail']): Promise<void> {
    if (this.#unwritten.length >= mostWaiting) {
      this.#dropped++;
      return this.#writing;
    }
    const by = currentActor();
    const unhashed = {
      seq: this.#last.seq + 1,
      time: new Date().toISOString(),
      kind,
      ...(jail === undefined ? {} : { jail }),
      ...(by === undefined ? {} : { by }),
      ...(detail === undefined ? {} : { detail }),
      previous: this.#last.hash,
    };
    const record: EventRecord = { ...unhashed, hash: hashOf(unhashed) };
    this.#last = { seq: record.seq, hash: record.hash };
    this.#unwritten.push(record);
    this.emit('event', record);
    return this.#flush();
  }

  /**
   * Checks the log, and that its end is what was written last.
   *
   * @param known the hash of a record that must be among them
   */
  async verify(known?: string): Promise<EventVerdict> {
    await this.#settled();
    const size = sizeOf(this.#path);
    const head = this.#written;
    return verifyEvents(this.#path, { head, size, ...(known === undefined ? {} : { known }) });
  }

  /** The last `count` records. */
  async tail(count: number): Promise<EventRecord[]> {
    await this.#settled();
    const waiting = this.#unwritten;
    const { lines } = await readLastLines(this.#path, count);
    const records = lines.flatMap((line) => parseRecord(line) ?? []);
    const last = records.at(-1)?.seq ?? 0;
    records.push(...waiting.filter(({ seq }) => seq > last));
    return records.slice(Math.max(0, records.length - count));
  }

  /** The records behind a number. */
  async after(seq: number): Promise<EventRecord[]> {
    const records = await this.tail(Math.min(Math.max(0, this.#last.seq - seq), mostRead));
    return records.filter((record) => record.seq > seq);
  }

  async close(): Promise<void> {
    await this.#flush();
    await this.#settled();
    clearTimeout(this.#retry);
    await this.#file?.close();
    await this.#headFile?.close();
    this.#file = undefined;
    this.#headFile = undefined;
  }

  #flush(): Promise<void> {
    this.#writing = this.#writing.then(async () => {
      try {
        await this.#write();
        this.#isFailing = false;
      } catch (error) {
        if (!this.#isFailing) this.emit('fault', error);
        this.#isFailing = true;
        clearTimeout(this.#retry);
        this.#retry = setTimeout(() => void this.#flush(), patience);
      }
    });
    return this.#writing;
  }

  async #write(): Promise<void> {
    const records = [...this.#unwritten];
    const last = records.at(-1);
    const file = this.#file;
    if (last === undefined || file === undefined) return;
    const bytes = Buffer.from(records.map((record) => `${JSON.stringify(record)}\n`).join(''));
    try {
      await file.appendFile(bytes);
      await file.datasync();
    } catch (error) {
      // half a record may be there
      await file.truncate(this.#size).catch(() => {});
      throw error;
    }
    this.#size += bytes.length;
    this.#unwritten = this.#unwritten.slice(records.length);
    this.#written = { seq: last.seq, hash: last.hash };
    await this.#headFile?.write(`${String(last.seq).padStart(16, '0')} ${last.hash}\n`, 0);
    const count = this.#dropped;
    this.#dropped = 0;
    if (count > 0) void this.append('events-dropped', undefined, { count });
  }

  /** Waits until nothing is being written. */
  async #settled(): Promise<void> {
    let waited: Promise<void>;
    do {
      waited = this.#writing;
      await waited;
    } while (waited !== this.#writing);
  }
}

/** Beside the log: the number and the hash of its last record. */
function headPath(path: string): string {
  return `${path}.head`;
}

/** What the last record of a log was, by the file beside it; undefined when there is none that can be read. */
export async function readHead(path: string): Promise<EventHead | undefined> {
  return parseHead(await readText(headPath(path)));
}

/** @returns undefined for what a loss of power has left half written: the log's own end then counts */
function parseHead(text: string): EventHead | undefined {
  const match = /^(\d{16}) ([0-9a-f]{64})\n$/.exec(text);
  return match === null ? undefined : { seq: Number(match[1]), hash: match[2] ?? genesis };
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return 0;
    throw error;
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return '';
    throw new ProdngError('IO', `${path}: the log of events cannot be read: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}
