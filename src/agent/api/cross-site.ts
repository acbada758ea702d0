import type { IncomingHttpHeaders } from 'node:http';

/** What of a request tells whether a browser was made to send it. */
export interface BrowserRequest {
  method: string;
  headers: IncomingHttpHeaders;
}

/**
 * Tells a request that another site had a browser send. Browsers add the client's certificate to each request, whoever
 * wrote the page: without this check any page that an operator visits could stop jails.
 *
 * Fetch Metadata (W3C): Sec-Fetch-Site is what current browsers send. RFC 6454: Origin is what older ones send with
 * everything but GET and HEAD. Other clients send neither. A link to a page of ours may be followed from anywhere.
 *
 * @returns what is wrong; undefined when the request is no other site's
 */
export function crossSiteFault({ method, headers }: BrowserRequest): string | undefined {
  const site = headers['sec-fetch-site'];
  const isRead = method === 'GET' || method === 'HEAD';
  const isLink =
    isRead && headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
  if (site !== undefined && site !== 'same-origin' && site !== 'none' && !isLink)
    return `Sec-Fetch-Site is ${shown(site)}`;
  const { origin, host } = headers;
  if (origin === undefined) return undefined;
  return isOriginOf(origin, host ?? '') ? undefined : `Origin is ${shown(origin)}`;
}

function isOriginOf(origin: string, host: string): boolean {
  try {
    return new URL(origin).origin === new URL(`https://${host}`).origin;
  } catch {
    return false;
  }
}

/**
 * The name that a request was sent to, without its port.
 *
 * @param host its Host field, RFC 9110, 7.2
 * @returns undefined when that is none
 */
export function hostNameOf(host: string | undefined): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^[\]:/?#@\s]+))(?::\d{1,5})?$/i.exec(host ?? '');
  return (match?.[1] ?? match?.[2])?.toLowerCase();
}

function shown(text: string | string[]): string {
  return JSON.stringify(String(text).slice(0, 100));
}
