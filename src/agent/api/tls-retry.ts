import type { Logger } from 'pino';
import { messageOf } from '../../error/prodng-error.ts';
import type { EventLog } from '../events/event-log.ts';
import type { AgentConfig } from '../state/agent-config.ts';
import type { ApiServer } from './api-schema.ts';
import { listenOnTls, type TlsListener } from './listen.ts';

/** ms; each further try waits twice as long. */
const [firstWait, longestWait] = [1000, 60_000];

/**
 * Opens the API over TLS, and tries again where it cannot be opened yet: a certificate that is missing, an address that
 * the host does not have yet, a port that is taken. The local socket and the jails wait for none of it.
 *
 * @returns at once; `reload` tries at once, too
 */
export function keepTlsOpen(
  server: ApiServer,
  config: NonNullable<AgentConfig['tls']>,
  events: EventLog,
  logger: Logger,
): TlsListener {
  let listener: TlsListener | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;
  let wait = firstWait;
  let told: string | undefined;

  const open = async (): Promise<void> => {
    clearTimeout(timer);
    try {
      const opened = await listenOnTls(server, config, logger);
      if (isClosed) return opened.close();
      listener = opened;
      if (told !== undefined) await events.append('tls-listening');
    } catch (error) {
      if (isClosed) return;
      const reason = messageOf(error);
      if (reason !== told) await events.append('tls-failed', undefined, { reason: reason.slice(0, 300) });
      told = reason;
      timer = setTimeout(() => void open(), wait);
      wait = Math.min(wait * 2, longestWait);
    }
  };
  let opening = open();
  return {
    close() {
      isClosed = true;
      clearTimeout(timer);
      listener?.close();
    },
    reload() {
      if (listener !== undefined) return listener.reload();
      wait = firstWait;
      opening = opening.then(() => (listener === undefined && !isClosed ? open() : undefined));
    },
  };
}
