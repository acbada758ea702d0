import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { errnoOf, ProdngError } from '../error/prodng-error.ts';
import type { AgentTarget } from './agent-target.ts';

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** ms until an agent that is gone is asked for again. */
const again = 500;

/** One event of a stream of server-sent events. */
export interface StreamedEvent {
  event: string;
  data: unknown;
}

/** Talks with an agent: over its socket, or over TLS. Loads nothing that only the agent needs. */
export class AgentClient {
  readonly #target: AgentTarget;

  constructor(target: AgentTarget) {
    this.#target = target;
  }

  /** Whether it is the agent of another host, which does not have the files of this one. */
  get isRemote(): boolean {
    return this.#target.isRemote;
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
      throw agentUnreachable(this.#target, error);
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
      throw agentUnreachable(this.#target, error);
    }
  }

  /** Reads a stream of server-sent events until it ends, or the signal. */
  async *stream(path: string, signal: AbortSignal): AsyncGenerator<StreamedEvent> {
    for await (const { event, data } of this.#eventsOf(await this.#openStream(path, signal), signal))
      if (event !== '') yield { event, data };
  }

  async #openStream(path: string, signal: AbortSignal): Promise<IncomingMessage> {
    const response = await this.#send('GET', path, undefined, signal);
    if ((response.statusCode ?? 500) >= 400) throw await errorFrom(parse(await bodyOf(response)));
    return response;
  }

  /** A block that has an id only, which tells the position in a stream, has no event. */
  async *#eventsOf(
    response: IncomingMessage,
    signal: AbortSignal,
  ): AsyncGenerator<StreamedEvent & { id: string | undefined }> {
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
          const id = /^id: (.*)$/m.exec(block)?.[1];
          if (event !== undefined && data !== undefined) yield { event, data: parse(data), id };
          else if (id !== undefined) yield { event: '', data: undefined, id };
        }
      }
    } catch (error) {
      if (!signal.aborted) throw agentUnreachable(this.#target, error);
    }
  }

  /**
   * Follows a stream for as long as the signal lets it: where the agent ends or is restarted meanwhile, it is asked again,
   * from where it was, as soon as there is one.
   *
   * @param pathFrom the path, given the id that came last (undefined at first)
   * @param onGap called when the agent is gone
   * @throws ProdngError what the agent answers with, and AGENT when there was none from the start
   */
  async *follow(
    pathFrom: (last: string | undefined) => string,
    signal: AbortSignal,
    onGap: () => void,
  ): AsyncGenerator<StreamedEvent> {
    let last: string | undefined;
    let hasBegun = false;
    let isGone = false;
    while (!signal.aborted) {
      try {
        const response = await this.#openStream(pathFrom(last), signal);
        hasBegun = true;
        isGone = false;
        for await (const { id, ...event } of this.#eventsOf(response, signal)) {
          last = id ?? last;
          if (event.event !== '') yield event;
        }
      } catch (error) {
        if (signal.aborted) return;
        if (!hasBegun || !(error instanceof ProdngError) || error.code !== 'AGENT') throw error;
      }
      if (signal.aborted) return;
      if (!isGone) onGap();
      isGone = true;
      await new Promise((resolve) => setTimeout(resolve, again));
    }
  }

  #send(method: Method, path: string, body: unknown, signal?: AbortSignal): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const json = body === undefined ? undefined : JSON.stringify(body);
      const asked: ClientRequest = request({
        // without one of Node's pools, which cost 8 ms at their first use
        createConnection: () => this.#target.connect(),
        method,
        path,
        headers: {
          host: this.#target.host,
          ...(json === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) }),
        },
        ...(signal === undefined ? {} : { signal }),
      });
      asked.once('response', resolve);
      asked.once('error', (error) => reject(agentUnreachable(this.#target, error)));
      asked.end(json);
    });
  }
}

/** Says why an agent cannot be talked with. */
export function agentUnreachable({ name, isRemote }: AgentTarget, error: unknown): ProdngError {
  const code = errnoOf(error);
  if (isRemote)
    return new ProdngError('AGENT', `${name}: ${error instanceof Error ? error.message : String(error)}`, {
      hint: 'is the agent there, and are --cert and --ca those that it knows?',
      cause: error,
    });
  if (code === 'EACCES')
    return new ProdngError('AGENT', `${name}: you may not talk with the agent`, {
      hint: 'be root, or a member of the group prodng',
      cause: error,
    });
  const why = code === 'ENOENT' || code === 'ECONNREFUSED' ? 'no agent listens there' : String(error);
  return new ProdngError('AGENT', `${name}: ${why}`, {
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
