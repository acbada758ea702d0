import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, gunzipSync } from 'node:zlib';
import { errnoOf, ProdngError } from '../error/prodng-error.ts';
import { makePipe } from '../kernel/pipe.ts';
import { plainEnvironment } from '../system/process.ts';
import { readPipe } from './read-pipe.ts';
import { singleZstdFrame } from './zstd-frame.ts';

/** How a member of a .deb may be compressed; deb(5). bzip2 and lzma are deprecated, and archives still have them. */
export type Compression = 'none' | 'gz' | 'xz' | 'zstd' | 'bz2' | 'lzma';

/**
 * The limits are above what any preset of the writers needs (xz -9: 65 MiB; zstd --ultra -22: 128 MiB), so that
 * only a hostile stream meets them.
 */
const programs = {
  xz: [
    'xz',
    '-dc',
    '--format=xz',
    '-T0',
    '--memlimit-mt-decompress=128MiB',
    '--memlimit-decompress=160MiB',
    '-q',
  ],
  zstd: ['zstd', '-dc', '-q', '--memory=160MB'],
  // 4 MB at most, bzip2(1)
  bz2: ['bzip2', '-dc'],
  lzma: ['xz', '-dc', '--format=lzma', '--memlimit-decompress=160MiB', '-q'],
} as const satisfies Record<string, readonly [string, ...string[]]>;

export interface DecompressOptions {
  /** Chunks need only stay valid until the next one is asked for: faster, but chunks must not be collected. */
  transient?: boolean;
  /** Compressed bytes, where they are known: a small gzip stream is decompressed in one call. */
  size?: number;
}

/**
 * Decompresses a stream. The program behind it is gone when the iteration ends, early or not.
 *
 * @throws ProdngError COMPRESSION when the stream is malformed, truncated or wants too much memory,
 *   HOST_LACKS when xz, zstd or bzip2 is not installed
 */
export function decompress(
  kind: Compression,
  source: AsyncIterable<Uint8Array>,
  options: DecompressOptions = {},
): AsyncIterable<Uint8Array> {
  if (kind === 'none') return source;
  if (kind === 'gz') return gunzip(source, options.size);
  const input = kind === 'zstd' ? singleZstdFrame(source) : source;
  return throughProgram(programs[kind], input, options.transient ?? false);
}

/**
 * Decompresses many zstd frames with one process, as the blocks of a squashfs are.
 *
 * @param frames each is one whole frame: anything else is refused
 * @throws ProdngError as decompress
 */
export function decompressFrames(frames: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  return throughProgram(programs.zstd, eachFrame(frames), false);
}

async function* eachFrame(frames: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const frame of frames) yield* singleZstdFrame(Readable.from([frame]));
}

/** zlib ignores what follows the stream: its purpose is unknown, and other readers may interpret it. */
async function* gunzip(source: AsyncIterable<Uint8Array>, size = Infinity): AsyncGenerator<Uint8Array> {
  if (size <= smallGzip.packed) {
    const pieces: Uint8Array[] = [];
    for await (const piece of source) pieces.push(piece);
    const packed = Buffer.concat(pieces);
    const plain = gunzipSmall(packed);
    if (plain === undefined) yield* gunzipStream(Readable.from([packed]));
    else yield plain;
    return;
  }
  yield* gunzipStream(source);
}

/** Small enough that the event loop does not notice: a stream object costs more than these bytes. */
const smallGzip = { packed: 64 * 2 ** 10, plain: 2 ** 20 };

/** @returns undefined when it is malformed, or larger: the stream says which */
function gunzipSmall(packed: Buffer): Buffer | undefined {
  try {
    const result: unknown = gunzipSync(packed, { info: true, maxOutputLength: smallGzip.plain });
    return gunzipped(result, packed.length);
  } catch {
    return undefined;
  }
}

/** With `info`, zlib answers with the engine too, which counts the bytes it has taken. */
function gunzipped(result: unknown, given: number): Buffer | undefined {
  if (typeof result !== 'object' || result === null || !('buffer' in result && 'engine' in result))
    return undefined;
  const { buffer, engine } = result;
  if (
    !Buffer.isBuffer(buffer) ||
    typeof engine !== 'object' ||
    engine === null ||
    !('bytesWritten' in engine)
  )
    return undefined;
  return engine.bytesWritten === given ? buffer : undefined;
}

async function* gunzipStream(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const stream = createGunzip({ chunkSize: 131_072 });
  let given = 0;
  let isWhole = false;
  const counted = async function* () {
    for await (const chunk of source) {
      given += chunk.length;
      yield chunk;
    }
    isWhole = true;
  };
  const feeding = pipeline(Readable.from(counted()), stream).catch(() => {});
  try {
    for await (const chunk of stream) yield chunk;
    if (!isWhole || stream.bytesWritten !== given)
      throw new ProdngError('COMPRESSION', 'gzip: data after the end of the stream');
  } catch (error) {
    if (error instanceof ProdngError) throw error;
    throw new ProdngError('COMPRESSION', `gzip: ${messageOf(error)}`);
  } finally {
    stream.destroy();
    await feeding;
  }
}

async function* throughProgram(
  argv: readonly [string, ...string[]],
  source: AsyncIterable<Uint8Array>,
  transient: boolean,
): AsyncGenerator<Uint8Array> {
  const [program, ...args] = argv;
  const output = makePipe();
  const input = makePipe();
  const child = spawn(program, args, {
    cwd: '/',
    env: { ...plainEnvironment },
    stdio: [input.readEnd, output.writeEnd, 'pipe'],
  });
  closeSync(output.writeEnd);
  closeSync(input.readEnd);
  const stdin = new Socket({ fd: input.writeEnd, writable: true, readable: false });
  const failed = once(child, 'close').then(
    ([code, signal]) => (code === 0 ? '' : signal === null ? `exit status ${code}` : `killed by ${signal}`),
    (error: unknown) => spawnError(program, error),
  );
  const said = tailOf(child);
  const feeding = feed(stdin, source);
  try {
    yield* readPipe(output.readEnd, transient);
    const failure = await failed;
    const sourceError = await feeding;
    if (sourceError !== undefined) throw sourceError;
    if (failure instanceof Error) throw failure;
    if (failure !== '') throw new ProdngError('COMPRESSION', `${program}: ${(await said) || failure}`);
  } finally {
    child.kill('SIGKILL');
    stdin.destroy();
    await feeding;
    await failed;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function spawnError(program: string, error: unknown): ProdngError {
  if (errnoOf(error) !== 'ENOENT')
    return new ProdngError('COMPRESSION', `${program}: ${messageOf(error)}`, { cause: error });
  return new ProdngError('HOST_LACKS', `${program}: not found`, {
    hint: `run: apt-get install ${program === 'xz' ? 'xz-utils' : program}`,
  });
}

/** Gives the program its input; answers with the error of the source itself, if any. */
async function feed(stdin: Socket, source: AsyncIterable<Uint8Array>): Promise<unknown> {
  // A program that gives up closes its end: its exit status tells more than our EPIPE.
  let broken = false;
  let wake = (): void => {};
  const onBroken = (): void => {
    broken = true;
    wake();
  };
  stdin
    .on('error', onBroken)
    .on('close', onBroken)
    .on('drain', () => wake());
  try {
    for await (const chunk of source) {
      if (!broken && !stdin.write(chunk)) {
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (broken) resolve();
        });
      }
      if (broken) return undefined;
    }
    stdin.end();
    return undefined;
  } catch (error) {
    stdin.destroy();
    return error;
  }
}

/** The end of what a program says about its failure. */
async function tailOf(child: ChildProcess): Promise<string> {
  let text = '';
  if (child.stderr === null) return text;
  try {
    for await (const chunk of child.stderr) text = `${text}${chunk}`.slice(-1000);
  } catch {
    // Nothing more was said.
  }
  return text.trim();
}
