import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net';

/** One read takes at most this much, and as much as lies in the pipe. */
const READ = 262_144;
/**
 * Small reads share an allocation: a program that writes by 8 KiB must not cost 256 KiB each time. Four reads fill it
 * at least, one with the consumer, two waiting, one being filled: that much of it is in use at any time.
 */
const SLAB = 4 * READ;
/** Chunks that may wait for the consumer. */
const WAITING = 2;

/**
 * Reads the read end of a pipe to its end and closes it, early or not.
 *
 * @param transient whether a chunk need only stay valid until the next one is asked for: memory is then used again,
 *   which spares the kernel and the garbage collector the whole stream's worth of fresh pages
 *
 * It waits in the event loop: fs.read would hold one of the four threads of Node's pool for as long as the program
 * at the other end computes, and four of them would starve the very writes that they wait for.
 */
export async function* readPipe(fd: number, transient = false): AsyncGenerator<Uint8Array, void, undefined> {
  const chunks: Uint8Array[] = [];
  let slab = Buffer.allocUnsafeSlow(SLAB);
  let used = 0;
  let ended = false;
  let failure: Error | undefined;
  let wake = (): void => {};
  const onread: OnReadOpts = {
    buffer() {
      if (used + READ > SLAB) {
        if (!transient) slab = Buffer.allocUnsafeSlow(SLAB);
        used = 0;
      }
      return slab.subarray(used, used + READ);
    },
    callback(length, buffer) {
      used += transient ? READ : length;
      chunks.push(buffer.subarray(0, length));
      wake();
      return chunks.length < WAITING;
    },
  };
  const options: SocketConstructorOpts & { onread: OnReadOpts } = {
    fd,
    readable: true,
    writable: false,
    onread,
  };
  const socket = new Socket(options);
  socket.on('end', () => {
    ended = true;
    wake();
  });
  socket.on('error', (error) => {
    failure = error;
    wake();
  });
  socket.resume();
  try {
    for (;;) {
      const chunk = chunks.shift();
      if (chunk !== undefined) {
        // One is with the consumer now, so that one more may come without touching it.
        if (chunks.length < WAITING) socket.resume();
        yield chunk;
      } else if (failure !== undefined) {
        throw failure;
      } else if (ended) {
        return;
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    socket.destroy();
  }
}
