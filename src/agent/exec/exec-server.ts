import { createHash } from 'node:crypto';
import type { IncomingMessage, Server } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { z } from 'zod';
import { ProdngError } from '../../error/prodng-error.ts';
import type { Agent } from '../agent.ts';
import { actingFor, actorOf } from '../api/actor.ts';
import { apiError, httpStatus } from '../api/api-error.ts';
import { type ApiServer, failures, jailParams } from '../api/api-schema.ts';
import { roleOf } from '../api/client-role.ts';
import { assertRole, roleNeeded } from '../api/roles.ts';
import { assertSameSite } from '../api/same-site.ts';
import type { RunFile } from '../state/run-file.ts';
import { assertRun } from '../supervision/active-run.ts';
import { type ExecRequest, execProtocol, execSchema } from './exec-schema.ts';
import { execute } from './exec-session.ts';

const execPath = '/v1/jails/:name/exec';

/**
 * Serves `GET /v1/jails/NAME/exec?request=JSON` with `Upgrade: prodng-exec`: a program in a running jail, whose streams
 * go over the connection in frames. It dies with the connection. What is refused is refused in plain HTTP.
 *
 * @returns the connections that are open
 */
export function serveExec(server: Server, agent: Agent): ReadonlySet<Duplex> {
  const open = new Set<Duplex>();
  server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
    try {
      assertSameSite({ method: 'POST', headers: request.headers, socket: request.socket });
      const role = roleOf(request.socket, agent.options.roles);
      assertRole(role, roleNeeded('GET', execPath), actorOf(request));
      const { run, asked } = readRequest(request, agent);
      actingFor(actorOf(request), () => {
        void agent.context.events.append('exec', run.record.name, executedArgv(asked.argv));
      });
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${execProtocol}\r\n\r\n`,
      );
      execute(run, asked, socket);
    } catch (error) {
      refuse(socket, error);
    }
  });
  return open;
}

/** Describes the operation in the OpenAPI document; who asks without `Upgrade` learns of it. */
export function execRoute(server: ApiServer): void {
  server.get(
    execPath,
    {
      schema: {
        summary: 'Run a program in a running jail',
        description:
          `Asked with \`Connection: Upgrade\` and \`Upgrade: ${execProtocol}\`; \`request\` is a JSON object: argv, and ` +
          'terminal with columns and rows when it shall have one. The streams follow in frames: a byte for the kind, ' +
          'four for the length (big-endian), and the data. Kinds: 0 input, 1 output, 2 errors, 3 exit, 4 fault, ' +
          '5 taken, 6 signal, 7 size.',
        params: jailParams,
        querystring: z.object({ request: z.string().optional() }),
        response: { 101: z.null(), ...failures },
      },
    },
    () => {
      throw new ProdngError('USAGE', `exec: the connection is not upgraded to ${execProtocol}`, {
        hint: 'use: prodng exec',
      });
    },
  );
}

function readRequest(request: IncomingMessage, agent: Agent): { run: RunFile; asked: ExecRequest } {
  const [path = '', query = ''] = (request.url ?? '').split('?', 2);
  const name = decoded(/^\/v1\/jails\/([^/]+)\/exec$/.exec(path)?.[1]);
  const protocol = request.headers.upgrade ?? '';
  if (name === undefined || protocol !== execProtocol)
    throw new ProdngError('USAGE', `${path}: it cannot be upgraded to ${protocol}`, {
      hint: 'ask without an Upgrade header: curl --http1.1',
    });
  const parsed = execSchema.safeParse(parseJson(new URLSearchParams(query).get('request') ?? ''));
  if (!parsed.success) throw new ProdngError('USAGE', `exec: ${z.prettifyError(parsed.error)}`);
  const run = assertRun(agent.jail(name));
  if (run.frozen) throw new ProdngError('JAIL_STATE', `${name} is frozen`, { hint: `prodng thaw ${name}` });
  return { run: run.file, asked: parsed.data };
}

function decoded(part: string | undefined): string | undefined {
  try {
    return part === undefined ? undefined : decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refuse(socket: Duplex, error: unknown): void {
  const known =
    error instanceof ProdngError
      ? error
      : new ProdngError('INTERNAL', `internal fault: ${String(error)}`, { cause: error });
  const status = httpStatus(known.code);
  const body = JSON.stringify(apiError(known));
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nContent-Type: application/json; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

/** The event shows the beginning; the digest is of all of it, as JSON, so that nothing can be hidden behind the end. */
function executedArgv(argv: readonly string[]): { argv: string; sha256: string } {
  const sha256 = createHash('sha256').update(JSON.stringify(argv)).digest('hex');
  return { argv: argv.join(' ').slice(0, 200), sha256 };
}
