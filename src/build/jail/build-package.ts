import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { readTar } from '../../archive/tar-reader.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import type { UserNamespace } from '../root/user-namespace.ts';
import { inFolder, type SourceTree, sourceTar } from '../source/source-tree.ts';
import { runInBuildJail } from './build-jail.ts';
import type { BuildLimits } from './build-limits.ts';
import { type BuildVariation, clockEnvironment, plainVariation } from './build-variation.ts';
import { withTimeLimit } from './time-limit.ts';

export interface BuildPackageOptions {
  namespace: UserNamespace;
  cache: string;
  /** The build root, relative to the cache folder. */
  root: string;
  /** The unpacked source; or the files of a .dsc, which is then named and unpacked in the jail. */
  source: SourceTree;
  dsc?: string;
  /** Files beside the source. */
  inputs?: SourceTree;
  /** For the build's environment. */
  env?: Readonly<Record<string, string>>;
  sourceName: string;
  version: string;
  /** Seconds; when it is not said, dpkg-buildpackage takes the time of the newest changelog entry. */
  sourceDateEpoch?: number;
  /** Where the results go: an empty folder. */
  output: string;
  log: (chunk: Buffer) => void;
  /** A terminal for a shell in the jail, opened when the build fails. */
  shellOnFailure?: number;
  /** Milliseconds after which the build is ended (default: none). */
  timeout?: number;
  /** Bytes that the build may write (default: half the memory). */
  scratch?: number;
  /** What of the host (default: defaultLimits). */
  limits?: BuildLimits;
  /** What surrounds the build, to prove that it does not matter (default: what surrounds every build). */
  variation?: BuildVariation;
  signal?: AbortSignal;
}

/**
 * The same for every build on every machine. Jobs are a fixed number, since the number of CPUs would otherwise
 * reach what is built and its .buildinfo.
 */
export function buildEnvironment(sourceDateEpoch?: number): Record<string, string> {
  return {
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: '/nonexistent',
    USER: 'builder',
    LOGNAME: 'builder',
    SHELL: '/bin/sh',
    LC_ALL: 'C.UTF-8',
    TZ: 'UTC',
    DEB_BUILD_OPTIONS: 'parallel=4',
    ...(sourceDateEpoch === undefined ? {} : { SOURCE_DATE_EPOCH: String(sourceDateEpoch) }),
  };
}

const steps: Readonly<Record<number, string>> = {
  20: 'unpacking the source in the build jail',
  21: 'dpkg-buildpackage',
  22: 'collecting the results',
};

/**
 * dpkg-source gives what it patches the time of day: no file may be newer than the changelog, or builds that compare
 * times would differ from one day to the next. It runs by the real clock: libfaketime 0.9.10 hands the kernel garbage
 * for utimes(2) without times, by which dpkg-source dates patches. For the same reason the .buildinfo has its date.
 */
const script = `umask "$6"
cd "$5" || exit 20
if test -n "$4"; then
  tar -xpf - && env -u LD_PRELOAD dpkg-source --extract "source/$4" "$1" >&2 && cd "$1" || exit 20
  find . -newermt "@$(dpkg-parsechangelog -S Timestamp)" -exec touch -h -d "@$(dpkg-parsechangelog -S Timestamp)" '{}' + || exit 20
else
  tar -xpf - && cd "$1" || exit 20
fi
dpkg-buildpackage --hook-changes='sed -i "s/^Build-Date:.*/Build-Date: $(date -u -R -d "@$SOURCE_DATE_EPOCH")/" ../*.buildinfo' -us -uc -b </dev/null >&2 3<&- || {
  test "$2" = shell && TERM="$3" script -q -c 'PS1="build jail:\\w\\$ " bash --norc -i' /dev/null <&3 >&3 2>&3
  exit 21
}
cd .. && find . -maxdepth 1 -type f '(' -name '*.*deb' -o -name '*.buildinfo' -o -name '*.changes' ')' -printf '%P\\0' |
  tar --sort=name --format=gnu --null -cf - --files-from=- || exit 22
`;

/**
 * Builds a Debian source package with dpkg-buildpackage in a throwaway build jail.
 *
 * @returns the names of the files it made, in `output`
 * @throws ProdngError BUILD_FAILED naming the step, BUILD_ROOT, IO
 */
export async function buildPackage(options: BuildPackageOptions): Promise<string[]> {
  const { namespace, cache, root, shellOnFailure, timeout, scratch, sourceDateEpoch } = options;
  const signal = withTimeLimit(options.signal, timeout);
  let tail = '';
  const log = (chunk: Buffer): void => {
    tail = (tail + chunk.toString()).slice(-8000);
    options.log(chunk);
  };
  await mkdir(options.output, { recursive: true });
  const folder = `${options.sourceName}-${options.version.replace(/^\d+:/, '')}`;
  const shell = shellOnFailure === undefined ? ['', ''] : ['shell', process.env.TERM ?? 'dumb'];
  const names: string[] = [];
  const tree = besideInputs(options, options.dsc === undefined ? folder : 'source');
  const variation = options.variation ?? plainVariation;
  const argv = [...variation.wrapper, 'sh', '-u', '-c', script, 'prodng-build', folder];
  const status = await runInBuildJail({
    namespace,
    cache,
    root,
    process: {
      argv: [...argv, ...shell, options.dsc ?? '', variation.buildPath, variation.umask],
      env: {
        ...buildEnvironment(sourceDateEpoch),
        ...options.env,
        USER: variation.user,
        LOGNAME: variation.user,
        ...variation.environment,
        ...clockEnvironment(variation),
      },
      uid: variation.uid,
      hostname: variation.hostname,
    },
    variation,
    input: sourceTar(tree),
    output: async (stdout) => {
      names.push(...(await collect(stdout, options.output)));
    },
    log,
    ...(shellOnFailure === undefined ? {} : { terminal: shellOnFailure }),
    ...(scratch === undefined ? {} : { scratch }),
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    ...(signal === undefined ? {} : { signal }),
  });
  options.signal?.throwIfAborted();
  if (status === 0) return names;
  const what = `${options.sourceName} ${options.version} does not build`;
  if (signal?.aborted === true)
    throw new ProdngError(
      'BUILD_FAILED',
      `${what}: it ran past its ${(timeout ?? 0) / 1000} s${lastLines(tail)}`,
    );
  const step = steps[status] ?? `the build jail (exit status ${status})`;
  throw new ProdngError('BUILD_FAILED', `${what}: ${step} failed${lastLines(tail)}`);
}

function besideInputs({ source, inputs }: BuildPackageOptions, folder: string): SourceTree {
  return { entries: [...inFolder(folder, source).entries, ...(inputs?.entries ?? [])] };
}

/** The end of a log, for who has only the message. */
function lastLines(text: string): string {
  const lines = text.trimEnd().split('\n').slice(-25);
  return lines.map((line) => `\n  | ${line}`).join('');
}

/** What the jail hands out is a stranger's: plain files with plain names, nothing else. */
async function collect(stdout: Readable, folder: string): Promise<string[]> {
  const names: string[] = [];
  const chunks = stdout[Symbol.asyncIterator]() as AsyncIterableIterator<Uint8Array>;
  const first = await chunks.next();
  // a build that failed hands out nothing
  if (first.done === true) return names;
  for await (const { entry, content } of readTar(startingWith(first.value, chunks))) {
    if (entry.type !== 'file' || !/^[\w+.~:%-]+\.(?:deb|udeb|ddeb|buildinfo|changes)$/.test(entry.path))
      throw new ProdngError(
        'BUILD_FAILED',
        `the build hands out what is no package: ${JSON.stringify(entry.path)}`,
      );
    await pipeline(content, createWriteStream(join(folder, entry.path), { flags: 'wx' }));
    names.push(entry.path);
  }
  return names;
}

async function* startingWith(first: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  yield* rest;
}
