import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { ProdngError } from '../../error/prodng-error.ts';
import { ownValue } from '../../system/own-value.ts';
import { apiError } from './api-error.ts';
import type { ApiServer } from './api-schema.ts';

/** Arrays and objects within each other: no request has more. */
const deepest = 32;

/**
 * Tells whether JSON is nested deeper than any request is. JSON.parse takes most of a second for some 100 KB of `[`, and
 * nothing else is answered meanwhile.
 */
export function isTooDeep(json: string): boolean {
  let depth = 0;
  let isInString = false;
  for (let index = 0; index < json.length; index++) {
    const character = json[index];
    if (isInString) {
      if (character === '\\') index++;
      else if (character === '"') isInString = false;
    } else if (character === '"') isInString = true;
    else if (character === '[' || character === '{') {
      if (++depth > deepest) return true;
    } else if (character === ']' || character === '}') depth--;
  }
  return false;
}

/** Has bodies in JSON parsed as fastify does it, once they are known not to be too deep. */
export function parseJsonBodies(server: ApiServer): void {
  const parse = server.getDefaultJsonParser('error', 'error');
  server.removeContentTypeParser('application/json');
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (isTooDeep(String(body)))
      done(new ProdngError('USAGE', `the body is nested deeper than ${deepest} levels`));
    else void parse(request, String(body), done);
  });
}

/** What fits where no route does: 405 with the methods that there are, or 404. */
export function answerUnknownRoutes(server: ApiServer): void {
  const routes: { method: string; path: RegExp }[] = [];
  server.addHook('onRoute', ({ method, url }) => {
    const path = new RegExp(`^${url.replaceAll('.', String.raw`\.`).replaceAll(/:\w+/g, '[^/]+')}$`);
    for (const one of [method].flat()) routes.push({ method: one, path });
  });
  server.setNotFoundHandler((request, reply) => {
    const [path = ''] = request.url.split('?', 1);
    const allowed = routes.filter((route) => route.path.test(path)).map(({ method }) => method);
    const error = new ProdngError('USAGE', `${request.method} ${request.url}: no such operation`, {
      hint: 'see /openapi.json',
    });
    if (allowed.length > 0) void reply.header('allow', [...new Set(allowed)].join(', '));
    return reply.status(allowed.length > 0 ? 405 : 404).send(apiError(error));
  });
}

/** Of errors that Node's parser of HTTP finds before there is a request, llhttp and node:http. */
const statuses: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** Answers what is no HTTP, in the shape of every other error. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = ownValue(statuses, error.code ?? '') ?? 400;
  const text = STATUS_CODES[status] ?? '';
  const body = JSON.stringify(apiError(new ProdngError('USAGE', `the request cannot be read: ${text}`)));
  socket.end(
    `HTTP/1.1 ${status} ${text}\r\nContent-Type: application/json; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
