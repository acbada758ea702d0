import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { errnoOf, ProdngError } from '../error/prodng-error.ts';
import { plainEnvironment, run } from '../system/process.ts';
import { cutBlock, type XzRecord } from './xz-format.ts';

/** Plain bytes of the largest block. */
export const MAX_BLOCK: number = 16 * 2 ** 20;

/**
 * `-T+1`: one thread, in the mode that writes the sizes into a block's header, which a reader needs to decompress
 * blocks side by side. The bytes of the two modes differ, those of any number of threads do not.
 */
const ARGUMENTS = [
  '--format=xz',
  '--check=crc32',
  '-6',
  '-T+1',
  `--block-size=${MAX_BLOCK}`,
  '-q',
  '--stdout',
];

export interface XzBlock {
  /** As in a stream, padding included. */
  bytes: Buffer;
  record: XzRecord;
}

/** The xz to compress with: its bytes depend on its version. */
export interface XzProgram {
  /** Precedes the arguments of xz. */
  argv: readonly [string, ...string[]];
  /** The folder it is run in (default: ours). */
  cwd?: string;
  /** Names the program: the same name, the same bytes. */
  version: string;
}

let hostProgram: Promise<XzProgram> | undefined;

/**
 * The host's own xz.
 *
 * @throws ProdngError HOST_LACKS without xz
 */
export async function hostXz(): Promise<XzProgram> {
  hostProgram ??= run(['xz', '--version'], { hint: 'run: apt-get install xz-utils' }).then(({ stdout }) => ({
    argv: ['xz'],
    version: stdout.trim().split('\n').join(', '),
  }));
  return await hostProgram;
}

/** Names all that the bytes of a block depend on besides its plain bytes. */
export function xzParameters({ version }: XzProgram): string {
  return `${version}: ${ARGUMENTS.join(' ')}`;
}

/**
 * Compresses at most MAX_BLOCK bytes into one block. Equal bytes and an equal xz give equal blocks.
 *
 * @throws ProdngError HOST_LACKS, COMPRESSION; the signal's reason
 */
export async function compressBlock(
  plain: Buffer,
  signal?: AbortSignal,
  program?: XzProgram,
): Promise<XzBlock> {
  const { block, record } = cutBlock(await xz(plain, program ?? (await hostXz()), signal), plain.length);
  return { bytes: block, record };
}

async function xz(plain: Buffer, program: XzProgram, signal?: AbortSignal): Promise<Buffer> {
  signal?.throwIfAborted();
  const [file, ...args] = program.argv;
  const child = spawn(file, [...args, ...ARGUMENTS], {
    cwd: program.cwd ?? '/',
    env: { ...plainEnvironment },
    stdio: 'pipe',
  });
  const stop = (): void => void child.kill('SIGKILL');
  signal?.addEventListener('abort', stop, { once: true });
  try {
    // A broken pipe: the exit status tells more.
    child.stdin.on('error', () => {});
    child.stdin.end(plain);
    const [output, said, status] = await Promise.all([
      collect(child.stdout),
      collect(child.stderr),
      once(child, 'close'),
    ]);
    signal?.throwIfAborted();
    if (status[0] !== 0) {
      const why = said.toString().trim() || `ended by ${status[1] ?? `exit status ${status[0]}`}`;
      throw new ProdngError('COMPRESSION', `xz: ${why}`);
    }
    return output;
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    throw new ProdngError('HOST_LACKS', 'xz: not found', {
      hint: 'run: apt-get install xz-utils',
      cause: error,
    });
  } finally {
    signal?.removeEventListener('abort', stop);
    child.kill('SIGKILL');
  }
}

async function collect(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
