import { createReadStream } from 'node:fs';
import type { TarItem } from '../../archive/entry.ts';
import { readTar } from '../../archive/tar-reader.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import type { UserNamespace } from '../root/user-namespace.ts';
import { runInBuildJail } from './build-jail.ts';
import type { BuildLimits } from './build-limits.ts';
import { withTimeLimit } from './time-limit.ts';

export interface InstallPackageOptions {
  namespace: UserNamespace;
  cache: string;
  /** The root in which the packages of the rootfs are installed, relative to the cache folder. */
  root: string;
  /** The built package. */
  deb: string;
  /** Seconds. */
  sourceDateEpoch: number;
  /** Reads the whole root as it is afterwards. */
  output: (entries: AsyncIterable<TarItem>) => Promise<void>;
  /** Milliseconds after which the scripts are ended (default: none). */
  timeout?: number;
  /** Bytes that they may write (default: half the memory). */
  scratch?: number;
  /** What of the host (default: defaultLimits). */
  limits?: BuildLimits;
  signal?: AbortSignal;
}

/** What dpkg and adduser need beyond what builds have: to keep set-id bits, and to become the users they made. */
const capabilities = ['CAP_FSETID', 'CAP_KILL', 'CAP_SETGID', 'CAP_SETUID'];

/** No service starts, as Debian's policy-rc.d says it. What the kernel and the jail mount is not in the root. */
const script = `umask 022
cat >/build/package.deb || exit 20
printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d || exit 20
dpkg --force-unsafe-io --install /build/package.deb </dev/null >&2 || exit 21
rm -f /usr/sbin/policy-rc.d
cd / && tar --format=gnu --numeric-owner --sort=name --exclude=./build --exclude=./dev --exclude=./proc \\
  --exclude=./run --exclude=./sys --exclude=./tmp --exclude=./var/lib/dpkg --exclude=./var/lib/apt -cf - . || exit 22
`;

const steps: Readonly<Record<number, string>> = {
  20: 'preparing the jail',
  21: 'dpkg',
  22: 'collecting the files',
};

/**
 * Installs the built package, with its maintainer scripts and the triggers of the others, in a throwaway jail above
 * the root that has everything else, and hands out the files.
 *
 * @throws ProdngError COMPOSE with what dpkg said, BUILD_ROOT, or what `output` throws
 */
export async function installPackage(options: InstallPackageOptions): Promise<void> {
  const { namespace, cache, root, deb, sourceDateEpoch, output, timeout, scratch } = options;
  const signal = withTimeLimit(options.signal, timeout);
  let tail = '';
  const status = await runInBuildJail({
    namespace,
    cache,
    root,
    process: {
      argv: ['sh', '-u', '-c', script],
      env: {
        PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
        HOME: '/root',
        LC_ALL: 'C.UTF-8',
        TZ: 'UTC',
        DEBIAN_FRONTEND: 'noninteractive',
        SOURCE_DATE_EPOCH: String(sourceDateEpoch),
      },
      uid: 0,
      capabilities,
    },
    input: createReadStream(deb) as AsyncIterable<Buffer>,
    output: async (stdout) => {
      const chunks = stdout[Symbol.asyncIterator]() as AsyncIterableIterator<Uint8Array>;
      const first = await chunks.next();
      // a failed build hands out nothing; its exit status says so
      if (first.done !== true) await output(readTar(startingWith(first.value, chunks)));
    },
    log: (chunk) => {
      tail = (tail + chunk.toString()).slice(-8000);
    },
    ...(scratch === undefined ? {} : { scratch }),
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    ...(signal === undefined ? {} : { signal }),
  });
  options.signal?.throwIfAborted();
  if (status === 0) return;
  const lines = tail.trimEnd().split('\n').slice(-25);
  const said = lines.map((line) => `\n  | ${line}`).join('');
  const why =
    signal?.aborted === true
      ? `its scripts ran past their ${(timeout ?? 0) / 1000} s`
      : `${steps[status] ?? 'the jail'} failed (exit status ${status})`;
  throw new ProdngError('COMPOSE', `the package cannot be installed: ${why}${said}`, {
    hint: 'a maintainer script failed: it runs without network, services and devices; see docs/compose-install.md',
  });
}

async function* startingWith(first: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  yield* rest;
}
