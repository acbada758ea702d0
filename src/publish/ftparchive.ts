import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { errnoOf, ProdngError } from '../error/prodng-error.ts';
import { plainEnvironment, run } from '../system/process.ts';

// apt-ftparchive(1), of apt-utils.

const hint = 'run: apt-get install apt-utils';
/** What Debian's own archive has. */
const digests = ['SHA1', 'SHA512'].flatMap((name) => ['-o', `APT::FTPArchive::${name}=false`]);

/** The Packages index of the .debs in a folder of `root`. */
export async function packagesIndex(root: string, folder: string, signal?: AbortSignal): Promise<string> {
  const argv = ['apt-ftparchive', '-q', ...digests, 'packages', folder] as const;
  const options = { cwd: root, hint, ...(signal === undefined ? {} : { signal }) };
  return (await run(argv, options)).stdout;
}

/** The MD5Sum and SHA256 fields of a Release file about a folder's indices. */
export async function releaseDigests(folder: string): Promise<string> {
  const { stdout } = await run(['apt-ftparchive', '-q', ...digests, 'release', '.'], { cwd: folder, hint });
  return stdout.slice(stdout.indexOf('MD5Sum:'));
}

/** The lines of a Contents index of what is in the .debs of a folder, ascending by path, bytes as Latin-1. */
export async function* contentsLines(
  root: string,
  folder: string,
  architecture: string,
): AsyncGenerator<string> {
  const child = spawn('apt-ftparchive', ['-q', '--arch', architecture, 'contents', folder], {
    cwd: root,
    env: { ...plainEnvironment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-2000)));
  const ended = once(child, 'close').catch((error: unknown) => error);
  try {
    yield* linesOf(child.stdout);
    const result = await ended;
    if (errnoOf(result) === 'ENOENT')
      throw new ProdngError('HOST_LACKS', 'apt-ftparchive: not found', { hint });
    if (!Array.isArray(result) || result[0] !== 0)
      throw new ProdngError('COMMAND_FAILED', `apt-ftparchive contents failed: ${said.trim()}`);
  } finally {
    child.kill('SIGKILL');
  }
}

/** The lines of a stream without their newlines, each byte as one character. */
export async function* linesOf(source: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of source) {
    const lines = (rest + Buffer.from(chunk).toString('latin1')).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}
