import { ReadStream } from 'node:tty';
import { setWindowSize } from '../../kernel/terminal.ts';

/** The terminal that prodng itself runs on. */
export interface OwnTerminal {
  input: NodeJS.ReadStream;
  output: NodeJS.WriteStream;
}

/**
 * Joins our terminal with the jail's own: every key goes to the jail, Ctrl-C too, and what it prints comes back. The
 * jail never holds a descriptor of our terminal.
 *
 * @param master the jail's terminal, our end, which is closed in the end
 * @returns gives our terminal back, once what the jail has printed has been passed on
 */
export function joinTerminals(master: number, { input, output }: OwnTerminal): () => Promise<void> {
  const theirs = new ReadStream(master);
  const resize = () => {
    const { columns, rows } = output;
    setWindowSize(master, { columns, rows });
  };
  // the other end is gone with the jail: EIO is how a terminal says so
  const ended = new Promise<void>((resolve) => {
    theirs.once('error', () => resolve());
    theirs.once('close', () => resolve());
    theirs.once('end', () => resolve());
  });
  resize();
  output.on('resize', resize);
  input.setRawMode(true);
  input.pipe(theirs, { end: false });
  theirs.on('data', (chunk: Buffer) => output.write(chunk));
  return async () => {
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 1000))]);
    output.off('resize', resize);
    input.unpipe(theirs);
    input.setRawMode(false);
    input.pause();
    theirs.destroy();
  };
}
