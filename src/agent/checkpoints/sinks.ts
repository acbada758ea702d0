import { constants } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { connect } from 'node:tls';
import { ProdngError } from '../../error/prodng-error.ts';
import { postSigned } from '../events/webhook.ts';
import type { CheckpointConfig } from './checkpoint-config.ts';

/** Where checkpoints go. It throws when one did not arrive. */
export interface Sink {
  name: 'file' | 'webhook' | 'syslog';
  send(checkpoint: string): Promise<void>;
}

/** ms for one attempt over the network. */
const patience = 10_000;
/** Facility 13, log audit; severity 5, notice: RFC 5424, 6.2.1. */
const priority = 13 * 8 + 5;

export function sinksOf({ file, webhook, syslog }: CheckpointConfig): Sink[] {
  const sinks: Sink[] = [];
  if (file !== undefined) sinks.push({ name: 'file', send: (line) => appendSynced(file, line) });
  if (webhook !== undefined)
    sinks.push({
      name: 'webhook',
      send: (line) => postSigned(webhook, line, 'application/vnd.dsse.envelope.v1+json'),
    });
  if (syslog !== undefined) sinks.push({ name: 'syslog', send: (line) => sendSyslog(syslog, line) });
  return sinks;
}

async function appendSynced(path: string, line: string): Promise<void> {
  const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;
  const file = await open(path, flags, 0o640);
  try {
    await file.appendFile(line);
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** One message in octet-counted framing. The server's close_notify shows that it took the whole. */
async function sendSyslog(
  { host, port, authority }: { host: string; port: number; authority: string },
  line: string,
): Promise<void> {
  const ca = await readFile(authority);
  const message = Buffer.from(syslogMessage(line.trimEnd(), hostname(), new Date()));
  await new Promise<void>((resolve, reject) => {
    const socket = connect({ host, port, ca, servername: host, timeout: patience });
    socket.once('secureConnect', () =>
      socket.end(Buffer.concat([Buffer.from(`${message.length} `), message])),
    );
    socket.once('timeout', () => socket.destroy(new ProdngError('IO', `${host}:${port}: no answer`)));
    socket.once('error', reject);
    socket.once('close', (failed) => failed || resolve());
    socket.resume();
  });
}

/** A message as RFC 5424 section 6 has it, with a checkpoint as its text. */
export function syslogMessage(text: string, host: string, time: Date): string {
  // APP-NAME, PROCID, MSGID, no structured data
  const name = host.replace(/[^\x21-\x7e]/g, '_').slice(0, 255) || '-';
  return `<${priority}>1 ${time.toISOString()} ${name} prodng-agent ${process.pid} checkpoint - ${text}`;
}
