import { open } from 'node:fs/promises';
import type { Dispatcher } from 'undici';
import { errnoOf, reasonOf } from '../error/prodng-error.ts';

/** What is asked of a mirror. */
export interface DownloadRequest {
  uri: string;
  /** Bytes that are there already. */
  offset: number;
  signal?: AbortSignal;
}

/** What a mirror answers. */
export type Download =
  /** `offset` is where the bytes begin: 0 when the mirror cannot go on in the middle. */
  | { kind: 'bytes'; offset: number; content: AsyncIterable<Uint8Array> }
  /** The file is not there. */
  | { kind: 'gone' }
  /** It has no bytes from that offset on. */
  | { kind: 'nothing-left' }
  /** Another answer than the file. */
  | { kind: 'refused'; why: string; again: boolean };

/** Opens downloads; keeps connections for the next one until it is closed. */
export interface Downloader {
  /** Rejects with the error of the socket or file when there is no answer. */
  start(request: DownloadRequest): Promise<Download>;
  close(): Promise<void>;
}

/** Hops from one address to the next before it counts as going round in circles. */
const maxRedirections = 5;

/**
 * Downloads over http, https, file and copy. Proxies come from http_proxy, https_proxy and no_proxy.
 *
 * @param stallTimeout milliseconds without a byte after which a connection is dead
 * @param redirections that are followed; they never lead to a file
 */
export async function makeDownloader(
  stallTimeout: number,
  connections: number,
  redirections = maxRedirections,
): Promise<Downloader> {
  const { EnvHttpProxyAgent, interceptors } = await import('./http-agent.ts');
  const agent = new EnvHttpProxyAgent({
    connections,
    pipelining: 1,
    connect: { timeout: stallTimeout },
    headersTimeout: stallTimeout,
    bodyTimeout: stallTimeout,
    // what apt does, and proxies refuse CONNECT to other ports than 443
    proxyTunnel: false,
  });
  const dispatcher = agent.compose(interceptors.redirect({ maxRedirections: redirections }));
  return {
    start: (request) =>
      /^(?:file|copy):/.test(request.uri) ? readLocal(request) : requestHttp(request, dispatcher),
    close: () => agent.destroy(),
  };
}

async function requestHttp(request: DownloadRequest, dispatcher: Dispatcher): Promise<Download> {
  const { offset, signal } = request;
  const url = new URL(request.uri);
  const headers: Record<string, string> = {
    'accept-encoding': 'identity',
    'user-agent': 'prodng',
    ...credentials(url),
    ...(offset > 0 ? { range: `bytes=${offset}-` } : {}),
  };
  url.username = '';
  url.password = '';
  const options = { method: 'GET' as const, headers, ...(signal === undefined ? {} : { signal }) };
  const answer = await dispatcher.request({
    origin: url.origin,
    path: url.pathname + url.search,
    ...options,
  });
  const { statusCode, body } = answer;
  if (statusCode === 200) return { kind: 'bytes', offset: 0, content: body };
  const range = /^bytes (\d+)-/.exec(String(answer.headers['content-range'] ?? ''))?.[1];
  if (statusCode === 206 && range === String(offset)) return { kind: 'bytes', offset, content: body };
  body.on('error', () => {}).destroy();
  if (statusCode === 404 || statusCode === 410) return { kind: 'gone' };
  if (statusCode === 416 || statusCode === 206) return { kind: 'nothing-left' };
  const again = statusCode >= 500 || statusCode === 408 || statusCode === 429;
  return { kind: 'refused', why: `HTTP status ${statusCode}`, again };
}

function credentials(url: URL): Record<string, string> {
  if (url.username === '' && url.password === '') return {};
  const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

async function readLocal({ uri, offset, signal }: DownloadRequest): Promise<Download> {
  const path = uri.replace(/^\w+:(?:\/\/)?/, '');
  try {
    const file = await open(path, 'r');
    const options = { start: offset, ...(signal === undefined ? {} : { signal }) };
    return { kind: 'bytes', offset, content: file.createReadStream(options) };
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return { kind: 'gone' };
    return { kind: 'refused', why: reasonOf(error), again: false };
  }
}
