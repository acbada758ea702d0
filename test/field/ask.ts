import { connect, createServer } from 'node:net';

/** A TCP port of the loopback interface that is free at present. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** What comes back within two seconds; the empty text when there is no answer. */
export async function ask(port: number, send: string): Promise<string> {
  return await new Promise((done) => {
    const pieces: Buffer[] = [];
    const socket = connect(port, '127.0.0.1');
    const end = () => {
      socket.destroy();
      done(Buffer.concat(pieces).toString('latin1'));
    };
    socket.setTimeout(2000, end);
    socket.once('error', end);
    socket.once('close', end);
    socket.once('data', () => setTimeout(end, 200));
    socket.on('data', (piece) => pieces.push(piece));
    socket.write(Buffer.from(send, 'latin1'));
  });
}
