import { hostname } from 'node:os';
import { hostSigner } from '../../evidence/host-key.ts';
import type { Paths } from '../../system/paths.ts';
import type { EventLog } from '../events/event-log.ts';
import { retryWait, sendFault } from '../events/webhook.ts';
import { signCheckpoint } from './checkpoint.ts';
import type { CheckpointConfig } from './checkpoint-config.ts';
import { type Sink, sinksOf } from './sinks.ts';

interface SinkState {
  sink: Sink;
  /** Number of the last record that it has. */
  sent: number;
  /** In a row. */
  failures: number;
  timer?: NodeJS.Timeout;
}

/** Signs the head of the log as it is on disk. @throws ProdngError KEY */
export async function checkpointOf(events: EventLog, paths: Paths): Promise<string> {
  const head = await events.written();
  return signCheckpoint(head, hostname(), await hostSigner(paths));
}

/**
 * Sends signed heads of the event log to where this host's root cannot take them back. Each sink is tried until it has
 * taken one, the newest first of all: an older one proves nothing that the newer does not.
 */
export class Checkpoints {
  readonly #events: EventLog;
  readonly #paths: Paths;
  readonly #sinks: SinkState[];
  readonly #interval: NodeJS.Timeout;
  #isClosed = false;

  constructor(config: CheckpointConfig, events: EventLog, paths: Paths) {
    this.#events = events;
    this.#paths = paths;
    this.#sinks = sinksOf(config).map((sink) => ({ sink, sent: 0, failures: 0 }));
    this.#interval = setInterval(() => this.#send(), config.interval * 1000);
    this.#send();
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#interval);
    for (const { timer } of this.#sinks) clearTimeout(timer);
  }

  #send(): void {
    for (const each of this.#sinks) if (each.failures === 0) void this.#sendTo(each);
  }

  async #sendTo(each: SinkState): Promise<void> {
    const { sink } = each;
    const { seq } = this.#events;
    // the record of a failure alone is no news
    if (this.#isClosed || seq <= each.sent) return;
    try {
      await sink.send(await checkpointOf(this.#events, this.#paths));
      each.sent = seq;
      if (each.failures > 0) {
        each.failures = 0;
        await this.#events.append('checkpoints-resumed', undefined, { sink: sink.name });
      }
    } catch (error) {
      if (this.#isClosed) return;
      if (each.failures++ === 0)
        await this.#events.append('checkpoint-failed', undefined, {
          sink: sink.name,
          reason: sendFault(error),
        });
      each.timer = setTimeout(() => void this.#sendTo(each), retryWait(each.failures));
    }
  }
}
