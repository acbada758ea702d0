import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import type { Paths } from '../system/paths.ts';
import { agentSocket } from './state/agent-paths.ts';

/** An agent to talk with. */
export interface AgentTarget {
  /** For messages. */
  name: string;
  isRemote: boolean;
  /** The Host field of requests: over TLS a name of the agent's certificate. */
  host: string;
  connect(): Duplex;
}

/** The agent of this host whose folders these are. */
export function localAgent(paths: Paths): AgentTarget {
  const socket = agentSocket(paths);
  return { name: socket, isRemote: false, host: 'agent', connect: () => connect(socket) };
}

/** What is needed to talk with the agent of another host, in PEM. */
export interface RemoteFiles {
  certificate: Buffer;
  key: Buffer;
  /** Of the agent's certificate (default: the authorities that Node knows). */
  authority?: Buffer | undefined;
}

/** The agent of another host, over TLS 1.3. */
export function remoteAgent(url: URL, { certificate, key, authority }: RemoteFiles): AgentTarget {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return {
    name: url.origin,
    isRemote: true,
    host: url.host,
    connect: () =>
      connectTls({
        host,
        port: Number(url.port || 443),
        // an address is compared with the certificate, and is no server name, RFC 6066 3
        ...(/[:]|^[\d.]+$/.test(host) ? {} : { servername: host }),
        cert: certificate,
        key,
        ...(authority === undefined ? {} : { ca: authority }),
        minVersion: 'TLSv1.3',
      }),
  };
}
