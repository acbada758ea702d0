import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { errnoOf } from '../../src/error/prodng-error.ts';

/** What a bad mirror does to one request. */
export type MirrorFault =
  /** The connection breaks after so many bytes of the answer. */
  | { kind: 'cut'; after: number }
  /** Nothing more comes after so many bytes, and the connection stays. */
  | { kind: 'stall'; after: number }
  /** Other bytes. */
  | { kind: 'bytes'; bytes: Buffer }
  | { kind: 'status'; status: number }
  | { kind: 'redirect'; to: string }
  /** Bytes that have no end. */
  | { kind: 'endless'; bytes: Buffer }
  /** The whole file, whatever Range says. */
  | { kind: 'no-range' };

export interface MirrorRequest {
  /** Of the request line: a path, or a whole URI when it came to a proxy. */
  target: string;
  range: string | undefined;
}

/** A mirror on the loopback: serves a folder over HTTP with Range, as well or badly as a test wants. */
export interface ArchiveServer {
  uri: string;
  port: number;
  requests: MirrorRequest[];
  /** Bytes of answers without an end. */
  endless: number;
  /** Asked for every request. */
  fault: (request: MirrorRequest) => MirrorFault | undefined;
  /** Stops it at once: the next connection is refused. */
  close(): Promise<void>;
}

export async function serveFolder(folder: string): Promise<ArchiveServer> {
  const http = createServer((request, response) => {
    answer(folder, server, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const address = http.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  const server: ArchiveServer = {
    uri: `http://127.0.0.1:${port}`,
    port,
    requests: [],
    endless: 0,
    fault: () => undefined,
    close: () =>
      new Promise((resolve) => {
        http.close(() => resolve());
        http.closeAllConnections();
      }),
  };
  return server;
}

async function answer(
  folder: string,
  server: ArchiveServer,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const seen = { target: request.url ?? '/', range: request.headers.range };
  server.requests.push(seen);
  const fault = server.fault(seen);
  if (fault?.kind === 'status') return void response.writeHead(fault.status).end();
  if (fault?.kind === 'endless') return await answerWithoutEnd(fault.bytes, server, response);
  if (fault?.kind === 'redirect') return void response.writeHead(302, { location: fault.to }).end();
  const path = decodeURIComponent(new URL(seen.target, 'http://example.org').pathname);
  const bytes = fault?.kind === 'bytes' ? fault.bytes : await readFileOrNothing(join(folder, path));
  if (bytes === undefined) return void response.writeHead(404).end();
  const start = fault?.kind === 'no-range' ? 0 : Number(/^bytes=(\d+)-$/.exec(seen.range ?? '')?.[1] ?? 0);
  if (start > 0 && start >= bytes.length) return void response.writeHead(416).end();
  const range = start > 0 ? { 'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}` } : {};
  const rest = bytes.subarray(start);
  response.writeHead(start > 0 ? 206 : 200, { 'content-length': rest.length, ...range });
  if (fault?.kind !== 'cut' && fault?.kind !== 'stall') return void response.end(rest);
  response.write(rest.subarray(0, fault.after), () => {
    if (fault.kind === 'cut') response.destroy();
  });
}

async function answerWithoutEnd(
  bytes: Buffer,
  server: ArchiveServer,
  response: ServerResponse,
): Promise<void> {
  response.writeHead(200);
  while (!response.destroyed && server.endless < 2 ** 30) {
    server.endless += bytes.length;
    if (response.write(bytes)) continue;
    const events = new AbortController();
    const { signal } = events;
    await Promise.race([once(response, 'drain', { signal }), once(response, 'close', { signal })]);
    events.abort();
  }
  response.end();
}

async function readFileOrNothing(path: string): Promise<Buffer | undefined> {
  try {
    const file = await open(path);
    try {
      return (await file.stat()).isFile() ? await file.readFile() : undefined;
    } finally {
      await file.close();
    }
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}
