import { closeSync } from 'node:fs';
import { createServer, type Server, Socket } from 'node:net';
import { errnoOf, ProdngError } from '../../error/prodng-error.ts';
import { connectInNetns } from '../../kernel/netns.ts';

/** ms that a service may take to accept a connection. */
const patience = 10_000;

/** A TCP port of a jail that the host's own loopback answers for. */
export interface PublishedPort {
  hostPort: number;
  jailPort: number;
  close(): Promise<void>;
}

/**
 * Forwards connections from 127.0.0.1 on the host to 127.0.0.1 in the jail: the developer's way in. A host cannot
 * reach its own macvlan jails, and a loopback jail has no other door. The jail itself gains nothing by it.
 *
 * @param pid the jail's first process on the host
 * @param hostPort 0 takes any free port
 * @param hostAddress the host's own address to listen on; any other than loopback opens the jail to others
 * @throws ProdngError NETWORK when the host's port is taken
 */
export async function publishPort(
  pid: number,
  hostPort: number,
  jailPort: number,
  hostAddress = '127.0.0.1',
): Promise<PublishedPort> {
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (client) => {
    client.on('error', () => {});
    void forward(client, pid, jailPort, open);
  });
  await listen(server, hostPort, hostAddress);
  const address = server.address();
  return {
    hostPort: typeof address === 'object' && address !== null ? address.port : hostPort,
    jailPort,
    async close() {
      for (const connection of open) connection.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function forward(client: Socket, pid: number, jailPort: number, open: Set<Socket>): Promise<void> {
  open.add(client);
  client.once('close', () => open.delete(client));
  let fd: number;
  try {
    fd = await connectInNetns(pid, jailPort, patience);
  } catch {
    // nothing listens in the jail: the client sees what it would see there
    client.resetAndDestroy();
    return;
  }
  if (client.destroyed) {
    closeSync(fd);
    return;
  }
  const service = new Socket({ fd, readable: true, writable: true, allowHalfOpen: true });
  for (const [from, to] of [
    [client, service],
    [service, client],
  ] as const) {
    open.add(from);
    from.once('close', () => {
      open.delete(from);
      to.destroy();
    });
    from.on('error', () => to.destroy());
    from.pipe(to);
  }
}

async function listen(server: Server, port: number, host: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      const reason = errnoOf(error) === 'EADDRINUSE' ? 'it is already in use' : error.message;
      reject(
        new ProdngError('NETWORK', `--publish: port ${port} of ${host}: ${reason}`, {
          hint: 'choose another port of the host: --publish HOST_PORT:JAIL_PORT',
          cause: error,
        }),
      );
    });
    server.listen({ host, port }, resolve);
  });
}
