import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { errnoOf } from '../../error/prodng-error.ts';
import { writeFileAtomic } from '../../system/atomic-file.ts';
import type { EventLog } from '../events/event-log.ts';
import type { EventRecord } from '../events/event-record.ts';
import { postSigned, retryWait, sendFault } from '../events/webhook.ts';
import type { AlertConfig } from './alert-config.ts';

/** Alerts that wait to be sent; of more, the oldest are dropped and counted. */
const mostWaiting = 10_000;

/**
 * Sends events of some kinds to a webhook, each until it is taken, in their order. How far it has come is kept: the next
 * agent sends what this one has not. An alert may be sent twice, as an agent can be killed between the two; its `seq`
 * tells.
 */
export class Alerts {
  readonly #config: AlertConfig;
  readonly #events: EventLog;
  readonly #file: string;
  readonly #waiting: EventRecord[] = [];
  readonly #listener = (record: EventRecord) => this.#add(record);
  /** The first event of this agent. */
  #first: number | undefined;
  #dropped = 0;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  /** Until it is open. */
  #isSending = true;
  #isClosed = false;

  /** @param file where it keeps the number of the last event that was taken */
  constructor(config: AlertConfig, events: EventLog, file: string) {
    this.#config = config;
    this.#events = events;
    this.#file = file;
    // nothing of this agent is missed, from before the log is open on
    events.on('event', this.#listener);
  }

  /** Begins with what earlier agents have not sent; the first time, with what this one records. The log is open. */
  async open(): Promise<void> {
    try {
      await this.#goOn();
    } catch (error) {
      // a disk that is full keeps no agent from starting: what it records itself is sent
      await this.#events.append('alert-failed', undefined, { reason: sendFault(error) });
    }
    this.#isSending = false;
    void this.#send();
  }

  async #goOn(): Promise<void> {
    const sent = await this.#sent();
    if (sent === undefined) return this.#keep((this.#first ?? this.#events.seq + 1) - 1);
    const first = this.#first ?? Number.POSITIVE_INFINITY;
    const missed = (await this.#events.after(sent)).filter(({ seq }) => seq < first);
    this.#waiting.unshift(...missed.filter(({ kind }) => this.#isWanted(kind)));
  }

  close(): void {
    this.#isClosed = true;
    this.#events.off('event', this.#listener);
    clearTimeout(this.#timer);
  }

  #isWanted(kind: string): boolean {
    return this.#config.events.some((each) => each === kind);
  }

  #add(record: EventRecord): void {
    this.#first ??= record.seq;
    if (!this.#isWanted(record.kind)) return;
    this.#waiting.push(record);
    if (this.#waiting.length > mostWaiting) {
      this.#waiting.shift();
      this.#dropped += 1;
    }
    if (this.#failures === 0) void this.#send();
  }

  async #send(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    try {
      for (
        let record = this.#waiting[0];
        record !== undefined && !this.#isClosed;
        record = this.#waiting[0]
      ) {
        const body = JSON.stringify({ host: hostname(), ...record });
        await postSigned(this.#config.webhook, body, 'application/json');
        // while it was sent, the oldest may have been dropped
        if (this.#waiting[0] === record) this.#waiting.shift();
        await this.#taken(record.seq);
      }
    } catch (error) {
      await this.#failed(error);
    } finally {
      this.#isSending = false;
    }
  }

  async #taken(seq: number): Promise<void> {
    if (this.#failures > 0) await this.#events.append('alerts-resumed');
    this.#failures = 0;
    const count = this.#dropped;
    this.#dropped = 0;
    if (count > 0) await this.#events.append('alerts-dropped', undefined, { count });
    await this.#keep(seq);
  }

  async #failed(error: unknown): Promise<void> {
    if (this.#isClosed) return;
    this.#failures += 1;
    if (this.#failures === 1)
      await this.#events.append('alert-failed', undefined, { reason: sendFault(error) });
    this.#timer = setTimeout(() => void this.#send(), retryWait(this.#failures));
  }

  async #keep(seq: number): Promise<void> {
    await writeFileAtomic(this.#file, `${JSON.stringify({ seq })}\n`, 0o600);
  }

  /** Undefined when nothing was sent yet, or what was kept cannot be read. */
  async #sent(): Promise<number | undefined> {
    let text: string;
    try {
      text = await readFile(this.#file, 'utf8');
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined;
      throw error;
    }
    const seq = /^\{"seq":(\d{1,15})\}\n$/.exec(text)?.[1];
    return seq === undefined ? undefined : Number(seq);
  }
}
