import type { FastifyReply } from 'fastify';

/** Bytes that may wait for a slow reader before it is cut off: it can ask again from where it was. */
const patience = 2 ** 20;
/** ms between two comments that keep the connection from seeming dead. */
const heartbeat = 15_000;

export const streamType = 'text/event-stream';

/** A stream of server-sent events, as the HTML standard has them. */
export interface EventStream {
  send(event: string, data: unknown, id?: string | number): void;
  /** Tells the position in the stream, before an event does: a client that reconnects asks for what follows it. */
  standsAt(id: string | number): void;
  /** Waits until the reader has taken what was sent, or is gone. */
  ready(): Promise<void>;
  readonly closed: AbortSignal;
  end(): void;
}

/** Turns a reply into a stream of events; the route is done with it. */
export function openEventStream(reply: FastifyReply): EventStream {
  reply.hijack();
  const { raw } = reply;
  const closed = new AbortController();
  raw.setHeader('content-type', streamType);
  raw.writeHead(200, { 'cache-control': 'no-store', connection: 'keep-alive' });
  const timer = setInterval(() => raw.write(': \n\n'), heartbeat);
  raw.on('close', () => {
    clearInterval(timer);
    closed.abort();
  });
  raw.on('error', () => raw.destroy());
  raw.flushHeaders();
  return {
    closed: closed.signal,
    send(event, data, id) {
      if (raw.destroyed) return;
      if (raw.writableLength > patience) {
        raw.destroy();
        return;
      }
      raw.write(`${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    },
    standsAt(id) {
      if (!raw.destroyed) raw.write(`id: ${id}\n\n`);
    },
    ready: () =>
      new Promise((resolve) => {
        if (raw.destroyed || !raw.writableNeedDrain) return resolve();
        const done = () => {
          raw.off('drain', done);
          closed.signal.removeEventListener('abort', done);
          resolve();
        };
        raw.on('drain', done);
        closed.signal.addEventListener('abort', done);
      }),
    end: () => raw.end(),
  };
}
