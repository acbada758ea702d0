import { closeSync, write } from 'node:fs';
import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { errnoOf } from '../../error/prodng-error.ts';
import { makePipe } from '../../kernel/pipe.ts';

const writeTo = promisify(write);

/** ms between attempts to write to a stream that another program has made non-blocking. */
const fullWait = 10;

/** The standard streams of a service that has no terminal: pipes of its own, whose other ends are ours. */
export interface ServiceStreams {
  /** The ends that the runtime hands on; without standard input it gets /dev/null. */
  descriptors: readonly [number | undefined, number, number];
  /** Closes our copies of its ends, once the runtime has them. */
  handedOver(): void;
  /** Settles when all that it printed has been passed on. */
  drained: Promise<void>;
  /** Lets go of our ends, whatever is in them. */
  close(): void;
}

/**
 * Makes the streams of a service, and passes on what it prints to our own. It never holds a descriptor of ours: a terminal
 * would tell it the operator's keys, and a pipe can be opened again by its name in /proc and read, with what others have
 * written to it.
 *
 * @param input our standard input, if the service is to read it (default: it reads /dev/null)
 */
export function makeServiceStreams(input?: NodeJS.ReadStream): ServiceStreams {
  const [output, errors] = [makePipe(), makePipe()];
  const read = input === undefined ? undefined : makePipe();
  const theirs = [...(read === undefined ? [] : [read.readEnd]), output.writeEnd, errors.writeEnd];
  const sources = [passOn(output.readEnd, 1), passOn(errors.readEnd, 2)];
  const letGo = read === undefined || input === undefined ? undefined : feed(input, read.writeEnd);
  return {
    descriptors: [read?.readEnd, output.writeEnd, errors.writeEnd],
    handedOver() {
      for (const fd of theirs.splice(0)) closeSync(fd);
    },
    drained: Promise.all(sources.map(({ ended }) => ended)).then(() => {}),
    close() {
      letGo?.();
      for (const fd of theirs.splice(0)) closeSync(fd);
      for (const { socket } of sources) socket.destroy();
    },
  };
}

/** No more is read than has been written: a slow reader of ours slows the service down. */
function passOn(from: number, to: number): { socket: Socket; ended: Promise<void> } {
  const socket = new Socket({ fd: from, readable: true, writable: false });
  const ended = (async () => {
    try {
      for await (const chunk of socket) await writeWhole(to, chunk);
    } catch {
      // our stream is closed: the service learns of it as of any pipe without a reader
      socket.destroy();
    }
  })();
  return { socket, ended };
}

async function writeWhole(fd: number, data: Uint8Array): Promise<void> {
  for (let done = 0; done < data.length; )
    try {
      done += (await writeTo(fd, data, done, data.length - done)).bytesWritten;
    } catch (error) {
      if (errnoOf(error) !== 'EAGAIN') throw error;
      await sleep(fullWait);
    }
}

function feed(input: NodeJS.ReadStream, to: number): () => void {
  const pipe = new Socket({ fd: to, readable: false, writable: true });
  // a service that does not read its input is free to
  pipe.on('error', () => pipe.destroy());
  input.pipe(pipe);
  return () => {
    input.unpipe(pipe);
    input.pause();
    pipe.destroy();
  };
}
