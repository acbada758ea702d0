import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { errnoOf, ProdngError } from '../error/prodng-error.ts';
import type { Paths } from '../system/paths.ts';
import { agentSocket } from './state/agent-paths.ts';

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

/** One event of a stream of server-sent events. */
export interface StreamedEvent {
  event: string;
  data: unknown;
}

/** Talks with the agent of this host over its socket. Loads nothing that only the agent needs. */
export class AgentClient {
  readonly #socket: string;

  constructor(paths: Paths) {
    this.#socket = agentSocket(paths);
  }

  /**
   * Has the agent do something.
   *
   * @returns what it answers, as JSON
   * @throws ProdngError AGENT when there is none, and what the agent answers with
   */
  async call(method: Method, path: string, body?: unknown): Promise<unknown> {
    const response = await this.#send(method, path, body);
    const said = await bodyOf(response).catch((error: unknown) => {
      throw agentUnreachable(this.#socket, error);
    });
    const answer = said === '' ? undefined : parse(said);
    if ((response.statusCode ?? 500) >= 400) throw await errorFrom(answer);
    return answer;
  }

  /**
   * Reads what is no JSON, as it comes.
   *
   * @throws ProdngError AGENT, and what the agent answers with
   */
  async *bytes(path: string): AsyncGenerator<Uint8Array> {
    const response = await this.#send('GET', path, undefined);
    if ((response.statusCode ?? 500) >= 400) throw await errorFrom(parse(await bodyOf(response)));
    try {
      for await (const chunk of response) yield chunk;
    } catch (error) {
      throw agentUnreachable(this.#socket, error);
    }
  }

  /** Reads a stream of server-sent events until it ends, or the signal. */
  async *stream(path: string, signal: AbortSignal): AsyncGenerator<StreamedEvent> {
    const response = await this.#send('GET', path, undefined, signal);
    if ((response.statusCode ?? 500) >= 400) throw await errorFrom(parse(await bodyOf(response)));
    let rest = '';
    response.setEncoding('utf8');
    try {
      for await (const chunk of response) {
        rest += String(chunk);
        const blocks = rest.split('\n\n');
        rest = blocks.pop() ?? '';
        for (const block of blocks) {
          const event = /^event: (.*)$/m.exec(block)?.[1];
          const data = /^data: (.*)$/m.exec(block)?.[1];
          if (event !== undefined && data !== undefined) yield { event, data: parse(data) };
        }
      }
    } catch (error) {
      if (!signal.aborted) throw agentUnreachable(this.#socket, error);
    }
  }

  #send(method: Method, path: string, body: unknown, signal?: AbortSignal): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const json = body === undefined ? undefined : JSON.stringify(body);
      const asked: ClientRequest = request({
        // without one of Node's pools, which cost 8 ms at their first use
        createConnection: () => connect(this.#socket),
        method,
        path,
        headers: {
          host: 'agent',
          ...(json === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) }),
        },
        ...(signal === undefined ? {} : { signal }),
      });
      asked.once('response', resolve);
      asked.once('error', (error) => reject(agentUnreachable(this.#socket, error)));
      asked.end(json);
    });
  }
}

/** Says why an agent cannot be talked with. */
export function agentUnreachable(socket: string, error: unknown): ProdngError {
  const code = errnoOf(error);
  if (code === 'EACCES')
    return new ProdngError('AGENT', `${socket}: you may not talk with the agent`, {
      hint: 'be root, or a member of the group prodng',
      cause: error,
    });
  const why = code === 'ENOENT' || code === 'ECONNREFUSED' ? 'no agent listens there' : String(error);
  return new ProdngError('AGENT', `${socket}: ${why}`, {
    hint: 'start it: systemctl start prodng-agent, or as root: prodng agent',
    cause: error,
  });
}

async function errorFrom(answer: unknown): Promise<ProdngError> {
  const { errorOf } = await import('./api/api-error.ts');
  return errorOf(answer);
}

/** Not Node's own for that: it loads all of the web's streams. */
async function bodyOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += String(chunk);
  return text;
}

function parse(said: string): unknown {
  try {
    return JSON.parse(said);
  } catch (cause) {
    throw new ProdngError('AGENT', 'the agent answered with something that is not JSON', { cause });
  }
}
