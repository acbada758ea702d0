import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Duplex, Readable, Writable } from 'node:stream';
import { ProdngError } from '../../error/prodng-error.ts';
import { apiError } from '../api/api-error.ts';
import type { RunFile } from '../state/run-file.ts';
import { signalNamed } from '../supervision/send-signal.ts';
import { encodeFrame, type Frame, FrameReader, frameKinds, inputWindow } from './exec-frames.ts';
import { type ExecutedProgram, startOnPipes, startOnTerminal } from './exec-program.ts';
import { type ExecRequest, terminalSize } from './exec-schema.ts';

/** Exit status of what could not be executed at all, as shells have it. */
const notExecuted = 127;

/** Runs a program in a jail, with its streams going over the connection; it dies with it. */
export function execute({ record }: RunFile, { argv, terminal }: ExecRequest, socket: Duplex): void {
  const pidFile = join(record.bundle, `exec-${randomBytes(4).toString('hex')}.pid`);
  const program =
    terminal === undefined
      ? startOnPipes(record, argv, pidFile)
      : startOnTerminal(record, argv, pidFile, terminal);
  for (const { from, isErrors } of program.outputs)
    passOn(from, isErrors ? frameKinds.errors : frameKinds.output, socket);
  takeFrames(socket, program);
  let isOver = false;
  program.ended.then(
    (status) => {
      isOver = true;
      const began = program.pid() !== undefined;
      rmSync(pidFile, { force: true });
      end(socket, frameKinds.exit, { status: began || status === 0 ? status : notExecuted });
    },
    (error: unknown) => {
      isOver = true;
      const why = error instanceof Error ? error.message : String(error);
      end(socket, frameKinds.fault, apiError(new ProdngError('HOST_LACKS', `${record.name}: exec: ${why}`)));
    },
  );
  // HTTP servers keep a connection open whose other end is closed
  socket.once('end', () => socket.destroy());
  socket.once('close', () => {
    if (!isOver) program.kill();
  });
}

function end(socket: Duplex, kind: number, value: unknown): void {
  if (!socket.writableEnded) socket.end(encodeFrame(kind, Buffer.from(JSON.stringify(value))));
}

function passOn(from: Readable, kind: number, socket: Duplex): void {
  from.on('data', (chunk: Buffer) => {
    // a slow reader slows the program down, not the agent
    if (socket.destroyed || socket.write(encodeFrame(kind, chunk))) return;
    from.pause();
    socket.once('drain', () => from.resume());
  });
  socket.once('close', () => from.resume());
}

/** The connection is always read, so that its end is noticed: how much input waits is bounded by the window instead. */
function takeFrames(socket: Duplex, program: ExecutedProgram): void {
  const reader = new FrameReader();
  const { input } = program;
  let waiting = 0;
  input.on('error', () => {});
  const takeInput = (data: Buffer) => {
    if (data.length === 0) {
      program.endInput();
      return;
    }
    waiting += data.length;
    if (waiting > inputWindow) throw new RangeError('more input than the window takes');
    give(input, data, () => {
      waiting -= data.length;
      if (!socket.writableEnded) socket.write(encodeFrame(frameKinds.taken, Buffer.from(`${data.length}`)));
    });
  };
  const take = ({ kind, data }: Frame) => {
    if (kind === frameKinds.input) takeInput(data);
    else if (kind === frameKinds.size) program.resize(terminalSize.parse(JSON.parse(data.toString('utf8'))));
    else if (kind === frameKinds.signal) {
      const signal = signalNamed(data.toString('utf8'));
      if (signal !== undefined) program.signal(signal);
    }
  };
  socket.on('data', (chunk: Buffer) => {
    try {
      for (const frame of reader.push(chunk)) take(frame);
    } catch {
      socket.destroy();
    }
  });
}

/** What a program that has closed its input is given counts as taken: whoever sends it must not wait for good. */
function give(input: Writable, data: Buffer, taken: () => void): void {
  if (input.writable) input.write(data, taken);
  else taken();
}
