import { once } from 'node:events';
import { chmodSync, chownSync, readFileSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { createSecureContext, createServer, type SecureContextOptions, type Server } from 'node:tls';
import type { Logger } from 'pino';
import { ProdngError, reasonOf } from '../../error/prodng-error.ts';
import { groupId } from '../../system/group.ts';
import type { AgentConfig } from '../state/agent-config.ts';
import type { ApiServer } from './api-schema.ts';

/** Clients with a certificate at a time. */
const mostConnections = 1000;
/** Connections that have shown none yet: more of them end the oldest, and take nothing from the clients. */
const mostPending = 100;

/** systemd hands sockets over from here on, sd_listen_fds(3). */
const firstHandedOver = 3;

/** Bytes of a socket's path, without the NUL at its end, unix(7). */
const longestPath = 107;

/** @throws ProdngError CONFIG: the kernel does not take a longer one */
export function assertSocketPath(path: string): void {
  if (Buffer.byteLength(path) <= longestPath) return;
  throw new ProdngError('CONFIG', `${path}: a socket's path has at most ${longestPath} bytes`, {
    hint: 'set PRODNG_RUN_DIR to a shorter one',
  });
}

/**
 * Has the API answer on the socket: the one that systemd holds for us, or one of our own, which root and the group
 * prodng, when there is one, may use; nobody may before it is so.
 *
 * @returns ends it
 */
export async function listenOnSocket(
  server: ApiServer,
  path: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<() => void> {
  await server.ready();
  const { server: http } = server;
  if (env.LISTEN_PID === String(process.pid) && Number(env.LISTEN_FDS) >= 1) {
    http.listen({ fd: firstHandedOver });
    await once(http, 'listening');
    return () => {};
  }
  // left by an agent that was killed: the lock tells that there is no other
  rmSync(path, { force: true });
  const listening = once(http, 'listening');
  // the socket is made before listen returns: what others make meanwhile keeps its own mode
  const umask = process.umask(0o177);
  try {
    http.listen({ path });
  } finally {
    process.umask(umask);
  }
  await listening;
  const group = groupId('prodng');
  if (group !== undefined) chownSync(path, 0, group);
  chmodSync(path, 0o660);
  return () => rmSync(path, { force: true });
}

/** The API over TLS, which can be ended, and have its files read anew. */
export interface TlsListener {
  close(): void;
  /** Connections begin anew too: a certificate may have been revoked. @throws ProdngError CONFIG, and all stays as it was */
  reload(): void;
}

/**
 * Has the API answer over TLS too: to nobody who has no certificate of the configured authority, or a revoked one.
 *
 * @throws ProdngError CONFIG naming the file, NETWORK when the port is taken
 */
export async function listenOnTls(
  server: ApiServer,
  config: NonNullable<AgentConfig['tls']>,
  logger: Pick<Logger, 'warn'>,
): Promise<TlsListener> {
  const { address, port } = config;
  const tls = createServer({
    ...secrets(config),
    requestCert: true,
    rejectUnauthorized: true,
    handshakeTimeout: 10_000,
  });
  tls.maxConnections = mostConnections + mostPending;
  limitPending(tls);
  const open = new Set<{ destroy(): void }>();
  tls.on('secureConnection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    server.server.emit('connection', socket);
  });
  tls.on('tlsClientError', (error, socket) => {
    logger.warn({ peer: socket.remoteAddress, reason: error.message }, 'refused');
  });
  tls.listen({ host: address, port });
  try {
    await once(tls, 'listening');
  } catch (cause) {
    tls.close();
    throw new ProdngError('NETWORK', `${address} port ${port}: ${reasonOf(cause)}`, {
      cause,
    });
  }
  // such as too many open files, when a connection comes: it goes on listening
  tls.on('error', (error) => logger.warn({ reason: error.message }, 'over TLS'));
  const cutOff = () => {
    for (const socket of open) socket.destroy();
  };
  return {
    close() {
      tls.close();
      cutOff();
    },
    reload() {
      tls.setSecureContext(secrets(config));
      cutOff();
    },
  };
}

/** A stranger's connection is ended by those of other strangers, and by the time that a handshake may take. */
function limitPending(tls: Server): void {
  const pending = new Map<string, Socket>();
  const nameOf = ({ remoteAddress, remotePort }: Socket) => `${remoteAddress} ${remotePort}`;
  tls.on('connection', (socket: Socket) => {
    const name = nameOf(socket);
    pending.set(name, socket);
    socket.once('close', () => {
      if (pending.get(name) === socket) pending.delete(name);
    });
    const [oldest] = pending.values();
    if (pending.size > mostPending) oldest?.destroy();
  });
  // the socket of TLS has the same peer
  tls.on('secureConnection', (socket) => pending.delete(nameOf(socket)));
}

function secrets({ certificate, key, clientAuthority, revoked }: NonNullable<AgentConfig['tls']>) {
  const options: SecureContextOptions = {
    cert: readPem(certificate),
    key: readPem(key),
    ca: readPem(clientAuthority),
    ...(revoked === undefined ? {} : { crl: readPem(revoked) }),
    minVersion: 'TLSv1.3',
  };
  try {
    createSecureContext(options);
  } catch (cause) {
    const files = [certificate, key, clientAuthority, ...(revoked === undefined ? [] : [revoked])].join(', ');
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ProdngError('CONFIG', `${files}: not what TLS needs: ${why}`, {
      hint: 'agent.json names them under "tls"; each is in PEM, and the key is that of the certificate',
      cause,
    });
  }
  return options;
}

function readPem(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new ProdngError('CONFIG', `${path}: cannot be read: ${reasonOf(cause)}`, {
      hint: 'agent.json names it under "tls"',
      cause,
    });
  }
}
