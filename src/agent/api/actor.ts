import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { peerUid } from '../../kernel/peer.ts';

const current = new AsyncLocalStorage<string>();

/** Has all that comes of the work count as asked for by that peer. */
export function actingFor<T>(actor: string | undefined, work: () => T): T {
  return actor === undefined ? work() : current.run(actor, work);
}

/** Has what comes of the work count as the agent's own: what follows for weeks from one request is not its sender's. */
export function actingAlone<T>(work: () => T): T {
  return current.exit(work);
}

/** On whose behalf the present work is done; undefined when the agent does it by itself. */
export function currentActor(): string | undefined {
  return current.getStore();
}

/**
 * Who sent a request, by the word of the kernel or of the certificate authority.
 *
 * @returns `uid 1000`, `certificate CN (SERIAL)`; undefined when the connection is gone
 */
export function actorOf({ socket }: Pick<IncomingMessage, 'socket'>): string | undefined {
  if (!(socket instanceof TLSSocket)) {
    const uid = peerUid(socket);
    return uid === undefined ? undefined : `uid ${uid}`;
  }
  const { subject, serialNumber } = socket.getPeerCertificate();
  if (serialNumber === undefined) return undefined;
  return `certificate ${[subject?.CN ?? []].flat().join(' ')} (${serialNumber})`;
}
