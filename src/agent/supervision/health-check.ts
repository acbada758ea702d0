import { request } from 'node:http';
import { Socket } from 'node:net';
import type { HealthCheck } from '../../control/jail-declaration.ts';
import { errnoOf, reasonOf } from '../../error/prodng-error.ts';
import type { RunRecord } from '../../jail/lifecycle/jail-slot.ts';
import { connectInNetns } from '../../kernel/netns.ts';
import { runBounded } from '../exec/bounded-command.ts';

/**
 * Checks a running jail's health once.
 *
 * @returns what is wrong; undefined when it is well
 */
export async function checkHealth(check: HealthCheck, record: RunRecord): Promise<string | undefined> {
  try {
    if (check.kind === 'command') return await commandFault([...check.argv], record, check.timeout);
    const end = performance.now() + check.timeout;
    const fd = await connectInNetns(record.pid ?? 0, check.port, check.timeout);
    // made from outside, to the jail's own loopback: the service sees nothing but itself
    const socket = new Socket({ fd, readable: true, writable: true });
    if (check.kind === 'http') return await httpFault(socket, check.path, end, check.timeout);
    socket.destroy();
    return undefined;
  } catch (error) {
    return errnoOf(error) === 'ETIMEDOUT' ? noAnswer(check.timeout) : reasonOf(error);
  }
}

function noAnswer(timeout: number): string {
  return `no answer within ${timeout} ms`;
}

/** @param end of the time that it has in all, as performance.now() counts */
function httpFault(socket: Socket, path: string, end: number, timeout: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(Math.max(1, Math.ceil(end - performance.now())));
    const done = (fault?: string) => {
      resolve(fault);
      socket.destroy();
    };
    const headers = { host: 'localhost', connection: 'close', 'user-agent': 'prodng-agent' };
    const asked = request({ createConnection: () => socket, path, headers, signal }, (response) => {
      const { statusCode = 0 } = response;
      response.resume();
      done(statusCode < 400 ? undefined : `HTTP status ${statusCode}`);
    });
    asked.once('error', (error) => done(signal.aborted ? noAnswer(timeout) : error.message));
    asked.end();
  });
}

async function commandFault(argv: string[], record: RunRecord, timeout: number): Promise<string | undefined> {
  const status = await runBounded(record, argv, timeout);
  if (status === undefined) return noAnswer(timeout);
  return status === 0 ? undefined : `exit status ${status}`;
}
