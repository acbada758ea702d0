import { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { isIP } from 'node:net';
import { TLSSocket } from 'node:tls';
import { ProdngError } from '../../error/prodng-error.ts';
import { type BrowserRequest, crossSiteFault, hostNameOf } from './cross-site.ts';

/** Certificates are parsed once. */
const parsed = new WeakMap<object, X509Certificate>();

/**
 * Refuses a request that another site had a browser send, and over TLS one that was sent to a name which is not the
 * agent's: by a name of its own that leads to our address, a page would be of the same origin as we are (DNS rebinding).
 * The agent's names are those of its certificate.
 *
 * @throws ProdngError POLICY
 */
export function assertSameSite(request: BrowserRequest & { socket: Socket }): void {
  const fault = crossSiteFault(request) ?? hostFault(request);
  if (fault === undefined) return;
  throw new ProdngError('POLICY', `the request was sent by a page of another site: ${fault}`, {
    hint: "ask for a name that stands in the agent's certificate; pages of other sites may not use the API",
  });
}

function hostFault({ socket, headers }: BrowserRequest & { socket: Socket }): string | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const name = hostNameOf(headers.host);
  const own = socket.getCertificate();
  if (name === undefined || own === null || !('raw' in own)) return 'it has no valid Host';
  const certificate = parsed.get(own.raw) ?? new X509Certificate(own.raw);
  const isOurs = isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name);
  return isOurs === undefined ? `Host is ${JSON.stringify(name.slice(0, 100))}` : undefined;
}
