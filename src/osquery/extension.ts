import { rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, ProdngError } from '../error/prodng-error.ts';
import { columnRow, constraintsOf, type Row, type Table } from './table.ts';
import { type ThriftMessage, ThriftReader, type ThriftValue, writeMessage } from './thrift.ts';

/** osquery.thrift: ExtensionManager.registerExtension, Extension.ping, call and shutdown. */
export interface ExtensionOptions {
  /** The socket of osqueryd or osqueryi: --extensions_socket. */
  manager: string;
  version: string;
  tables: readonly Table[];
  signal: AbortSignal;
}

/** ms between two looks whether osqueryd is there (again). */
const interval = 3000;

/**
 * Serves tables to osquery until the signal. When osqueryd goes away, it waits for the next one.
 *
 * @throws ProdngError AGENT when osqueryd refuses the extension
 */
export async function serveExtension(options: ExtensionOptions): Promise<void> {
  const { signal } = options;
  while (!signal.aborted) {
    const uuid = await register(options).catch((error: unknown) => {
      if (error instanceof ProdngError && error.code === 'POLICY') throw error;
      return undefined;
    });
    if (uuid !== undefined) await serve(`${options.manager}.${uuid}`, options);
    await sleep(interval, undefined, { signal }).catch(() => {});
  }
}

async function register({ manager, version, tables, signal }: ExtensionOptions): Promise<bigint> {
  const socket = connect(manager);
  const closeSocket = () => socket.destroy();
  signal.addEventListener('abort', closeSocket, { once: true });
  try {
    const info = struct([
      [1, string('prodng')],
      [2, string(version)],
      [3, string('1.8.0')],
      [4, string('1.8.0')],
    ]);
    const routes = tables.map(
      ({ name, columns }) => [string(name), rowsValue(columns.map(columnRow))] as const,
    );
    const registry: ThriftValue = { type: 'map', value: [[string('table'), { type: 'map', value: routes }]] };
    const body = new Map<number, ThriftValue>([
      [1, info],
      [2, registry],
    ]);
    socket.write(writeMessage({ name: 'registerExtension', type: 1, sequence: 1, body }));
    const reply = await firstMessage(socket);
    const status = reply.body.get(0);
    const code = status?.type === 'struct' ? status.value.get(1) : undefined;
    const uuid = status?.type === 'struct' ? status.value.get(3) : undefined;
    const said = status?.type === 'struct' ? status.value.get(2) : undefined;
    if (reply.type !== 2 || code?.type !== 'i32' || code.value !== 0 || uuid?.type !== 'i64')
      throw new ProdngError(
        'POLICY',
        `osquery refuses the extension: ${said?.type === 'string' ? said.value : reply.name}`,
      );
    return uuid.value;
  } finally {
    signal.removeEventListener('abort', closeSocket);
    socket.destroy();
  }
}

function firstMessage(socket: Socket): Promise<ThriftMessage> {
  return new Promise((resolve, reject) => {
    const reader = new ThriftReader();
    socket.on('data', (chunk: Buffer) => {
      try {
        const [message] = reader.push(chunk);
        if (message !== undefined) resolve(message);
      } catch (error) {
        reject(error);
      }
    });
    socket.once('error', reject);
    socket.once('close', () => reject(new ProdngError('AGENT', 'osquery closed the connection')));
  });
}

/** Answers until osqueryd shuts the extension down, its socket goes away, or the signal. */
async function serve(path: string, { manager, tables, signal }: ExtensionOptions): Promise<void> {
  rmSync(path, { force: true });
  const connections = new Set<Socket>();
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const server: Server = createServer((socket) => {
    connections.add(socket);
    const reader = new ThriftReader();
    let answering = Promise.resolve();
    socket.on('error', () => {});
    socket.on('close', () => connections.delete(socket));
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const message of reader.push(chunk))
          answering = answering.then(async () => {
            socket.write(await answer(message, tables));
            if (message.name === 'shutdown') end();
          });
      } catch {
        // nothing that such a peer sends can be understood any more
        socket.destroy();
      }
    });
  });
  server.once('error', end);
  // created with its final mode: no other user can connect before a chmod(2)
  const umask = process.umask(0o177);
  server.listen(path);
  process.umask(umask);
  signal.addEventListener('abort', end, { once: true });
  // osqueryd that was killed gives no notice
  const timer = setInterval(() => {
    const probe = connect(manager);
    probe.once('connect', () => probe.destroy());
    probe.once('error', end);
  }, interval);
  await ended;
  clearInterval(timer);
  signal.removeEventListener('abort', end);
  server.close();
  for (const socket of connections) socket.destroy();
  rmSync(path, { force: true });
}

async function answer({ name, sequence, body }: ThriftMessage, tables: readonly Table[]): Promise<Buffer> {
  const reply = (value: ThriftValue | undefined) =>
    writeMessage({ name, type: 2, sequence, body: new Map(value === undefined ? [] : [[0, value]]) });
  if (name === 'ping') return reply(status(0, 'OK'));
  if (name === 'shutdown') return reply(undefined);
  if (name === 'call') return reply(await callTable(body, tables));
  const why = struct([
    [1, string(`${name}: no such method`)],
    [2, { type: 'i32', value: 1 }],
  ]);
  return writeMessage({ name, type: 3, sequence, body: why.value });
}

async function callTable(body: ThriftMessage['body'], tables: readonly Table[]): Promise<ThriftValue> {
  const [item, request] = [body.get(2), body.get(3)];
  const table = item?.type === 'string' ? tables.find(({ name }) => name === item.value) : undefined;
  const asked = new Map(
    request?.type === 'map'
      ? request.value.flatMap(([key, value]) =>
          key.type === 'string' && value.type === 'string' ? [[key.value, value.value] as const] : [],
        )
      : [],
  );
  if (table === undefined) return response(status(1, 'no such table'), []);
  const action = asked.get('action');
  if (action === 'columns') return response(status(0, 'OK'), table.columns.map(columnRow));
  if (action !== 'generate') return response(status(1, 'no such action'), []);
  try {
    return response(status(0, 'OK'), await table.rows(constraintsOf(asked.get('context') ?? '')));
  } catch (error) {
    return response(status(1, messageOf(error)), []);
  }
}

function response(code: ThriftValue, rows: readonly Row[]): ThriftValue {
  return struct([
    [1, code],
    [2, rowsValue(rows)],
  ]);
}

function status(code: number, message: string): ThriftValue {
  return struct([
    [1, { type: 'i32', value: code }],
    [2, string(message)],
    [3, { type: 'i64', value: 0n }],
  ]);
}

function rowsValue(rows: readonly Row[]): ThriftValue {
  return {
    type: 'list',
    value: rows.map((row) => ({
      type: 'map',
      value: Object.entries(row).map(([key, value]) => [string(key), string(value)] as const),
    })),
  };
}

function struct(fields: readonly (readonly [number, ThriftValue])[]) {
  return { type: 'struct', value: new Map(fields) } as const;
}

function string(value: string): ThriftValue {
  return { type: 'string', value };
}
