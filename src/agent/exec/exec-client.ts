import { type IncomingMessage, request } from 'node:http';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { ProdngError } from '../../error/prodng-error.ts';
import type { AgentTarget } from '../agent-target.ts';
import { agentUnreachable } from '../client.ts';
import { encodeFrame, FrameReader, frameKinds, inputWindow } from './exec-frames.ts';

export interface ExecOptions {
  target: AgentTarget;
  jail: string;
  argv: readonly string[];
  input: NodeJS.ReadStream;
  output: NodeJS.WriteStream;
  errors: NodeJS.WriteStream;
  /** Join our terminal with one of the program's own. */
  terminal: boolean;
}

/** Bytes of a request's first line that the agent reads. */
const longest = 120_000;

/**
 * Runs a program in a running jail, with our streams and signals.
 *
 * @returns its exit status
 * @throws ProdngError AGENT, USAGE when the arguments are too long, and what the agent answers with
 */
export function execInJail(options: ExecOptions): Promise<number> {
  const { target, jail, argv, terminal } = options;
  const query = JSON.stringify({ argv, ...(terminal ? { terminal: sizeOf(options.output) } : {}) });
  const path = `/v1/jails/${encodeURIComponent(jail)}/exec?request=${encodeURIComponent(query)}`;
  if (path.length > longest)
    throw new ProdngError('USAGE', 'exec: the arguments are too long', {
      hint: 'pass them on standard input instead',
    });
  return new Promise((resolve, reject) => {
    const asked = request({
      createConnection: () => target.connect(),
      path,
      headers: { host: target.host, connection: 'Upgrade', upgrade: 'prodng-exec' },
    });
    asked.once('upgrade', (_response, socket, head) => {
      converse(socket, head, options).then(resolve, reject);
    });
    asked.once('response', (response) => {
      refusalIn(response).then(reject, reject);
    });
    asked.once('error', (error) => reject(agentUnreachable(target, error)));
    asked.end();
  });
}

function sizeOf({ columns, rows }: NodeJS.WriteStream): { columns: number; rows: number } {
  // a terminal whose size nobody has set says 0
  return { columns: columns || 80, rows: rows || 24 };
}

async function converse(socket: Duplex, head: Buffer, options: ExecOptions): Promise<number> {
  const { output, errors } = options;
  const letGo = [passInput(socket, options), passSignals(socket)];
  if (options.terminal) letGo.push(joinTerminal(socket, options));
  const reader = new FrameReader();
  try {
    return await new Promise((resolve, reject) => {
      const full = new Set<NodeJS.WriteStream>();
      const print = (stream: NodeJS.WriteStream, data: Buffer) => {
        // one chunk of the connection can hold many frames
        if (stream.write(data) || full.has(stream)) return;
        // a slow reader slows the program down
        full.add(stream);
        socket.pause();
        stream.once('drain', () => {
          full.delete(stream);
          if (full.size === 0) socket.resume();
        });
      };
      const take = (chunk: Buffer) => {
        for (const { kind, data } of reader.push(chunk)) {
          if (kind === frameKinds.output) print(output, data);
          else if (kind === frameKinds.errors) print(errors, data);
          else if (kind === frameKinds.taken) socket.emit('taken', Number(data.toString('latin1')));
          else if (kind === frameKinds.exit) resolve(statusIn(data));
          else if (kind === frameKinds.fault) faultIn(data.toString('utf8')).then(reject, reject);
        }
      };
      take(head);
      socket.on('data', take);
      socket.on('error', reject);
      socket.once('close', () => reject(new ProdngError('AGENT', 'the agent ended the connection')));
    });
  } finally {
    for (const step of letGo) step();
    socket.destroy();
  }
}

/** No more than the window is under way: a program that does not read its input must not fill the agent's memory. */
function passInput(socket: Duplex, { input }: ExecOptions): () => void {
  let underWay = 0;
  const onInput = (chunk: Buffer) => {
    if (!socket.writable) return;
    underWay += chunk.length;
    socket.write(encodeFrame(frameKinds.input, chunk));
    if (underWay > inputWindow / 2) input.pause();
  };
  const onEnd = () => {
    if (socket.writable) socket.write(encodeFrame(frameKinds.input, Buffer.alloc(0)));
  };
  socket.on('taken', (bytes: number) => {
    underWay -= bytes;
    if (underWay <= inputWindow / 2) input.resume();
  });
  input.on('data', onInput).on('end', onEnd);
  return () => {
    input.off('data', onInput).off('end', onEnd);
    input.pause();
    input.unref?.();
  };
}

/** The first Ctrl-C is the program's, the second ends prodng, and with it the program. */
function passSignals(socket: Duplex): () => void {
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;
  const seen = new Set<string>();
  const onSignal = (name: NodeJS.Signals) => {
    if (seen.has(name) && !name.startsWith('SIGUSR')) socket.destroy();
    else if (socket.writable) socket.write(encodeFrame(frameKinds.signal, Buffer.from(name)));
    seen.add(name);
  };
  for (const name of names) process.on(name, onSignal);
  return () => {
    for (const name of names) process.off(name, onSignal);
  };
}

function joinTerminal(socket: Duplex, { input, output }: ExecOptions): () => void {
  const onResize = () => {
    if (socket.writable)
      socket.write(encodeFrame(frameKinds.size, Buffer.from(JSON.stringify(sizeOf(output)))));
  };
  output.on('resize', onResize);
  input.setRawMode(true);
  return () => {
    output.off('resize', onResize);
    input.setRawMode(false);
  };
}

function statusIn(data: Buffer): number {
  const value: unknown = JSON.parse(data.toString('utf8'));
  return typeof value === 'object' && value !== null && 'status' in value ? Number(value.status) : 255;
}

async function refusalIn(response: IncomingMessage): Promise<ProdngError> {
  return faultIn(await text(response));
}

async function faultIn(said: string): Promise<ProdngError> {
  const { errorOf } = await import('../api/api-error.ts');
  try {
    return errorOf(JSON.parse(said));
  } catch (cause) {
    return new ProdngError('AGENT', 'the agent answered with something that is not JSON', { cause });
  }
}
