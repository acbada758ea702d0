import { spawn } from 'node:child_process';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { errnoOf, ProdngError } from '../error/prodng-error.ts';
import { ownValue } from '../system/own-value.ts';
import { plainEnvironment } from '../system/process.ts';
import type { SignatureTime, Signer } from './signer.ts';

export interface GpgOptions {
  /** The caller's own: gpg finds its keys, its agent and the terminal for the PIN by it. */
  env: Readonly<Record<string, string | undefined>>;
  time: SignatureTime;
  /** Contains the passphrase, for non-interactive use. */
  passphraseFile?: string;
  signal?: AbortSignal;
}

/**
 * A signer with a key that gpg holds: in $GNUPGHOME, or on a token that its agent drives.
 *
 * @param id as gpg's --local-user takes it; a fingerprint is the only unambiguous one
 * @throws ProdngError HOST_LACKS without gpg, KEY when it has no such secret key
 */
export async function gpgSigner(id: string, options: GpgOptions): Promise<Signer> {
  const { fingerprint, userId } = await secretKey(id, options);
  const sign = (how: readonly string[], data: AsyncIterable<Uint8Array>): Promise<Buffer> =>
    gpg([...signArguments(options), '--local-user', fingerprint, ...how], data, options);
  return {
    fingerprint,
    userId,
    detached: (data) => sign(['--detach-sign'], data),
    async clearsigned(text) {
      return (await sign(['--clearsign'], Readable.from([Buffer.from(text)]))).toString();
    },
    // the secret key never leaves gpg, which signs nothing but OpenPGP
    plain: () => Promise.resolve(undefined),
    async publicKey() {
      return (await gpg(['--armor', '--export', fingerprint], Readable.from([]), options)).toString();
    },
  };
}

function signArguments({ time, passphraseFile }: GpgOptions): string[] {
  const seconds = Math.floor(time.date.getTime() / 1000);
  return [
    ...(time.fixed ? ['--faked-system-time', `${seconds}!`] : []),
    ...(passphraseFile === undefined
      ? []
      : ['--pinentry-mode', 'loopback', '--passphrase-file', passphraseFile]),
    '--digest-algo',
    'SHA512',
  ];
}

async function secretKey(id: string, options: GpgOptions): Promise<{ fingerprint: string; userId: string }> {
  const wrong = (cause?: unknown) =>
    new ProdngError('KEY', `gpg has no secret key ${id}`, { cause, hint: 'see: gpg --list-secret-keys' });
  if (id.startsWith('-')) throw wrong();
  const listing = ['--with-colons', '--fixed-list-mode', '--list-secret-keys', '--', id];
  const text = await gpg(listing, Readable.from([]), options).catch((error: unknown) => {
    throw error instanceof ProdngError && error.code === 'HOST_LACKS' ? error : wrong(error);
  });
  const lines = text
    .toString()
    .split('\n')
    .map((line) => line.split(':'));
  const primaries = lines.filter(([kind]) => kind === 'sec').length;
  if (primaries > 1)
    throw new ProdngError('KEY', `gpg has ${primaries} secret keys ${id}`, {
      hint: 'name one by its fingerprint: gpg --list-secret-keys',
    });
  const fingerprint = lines.find(([kind]) => kind === 'fpr')?.[9];
  const userId = lines.find(([kind]) => kind === 'uid')?.[9];
  if (fingerprint === undefined) throw wrong();
  return { fingerprint, userId: userId ?? fingerprint };
}

const passedOn = [
  'HOME',
  'GNUPGHOME',
  'GPG_TTY',
  'TERM',
  'DISPLAY',
  'WAYLAND_DISPLAY',
  'XAUTHORITY',
  'XDG_RUNTIME_DIR',
  'DBUS_SESSION_BUS_ADDRESS',
];

/** Runs gpg over a stream, which may be gigabytes. */
async function gpg(
  args: readonly string[],
  data: AsyncIterable<Uint8Array>,
  { env, signal }: GpgOptions,
): Promise<Buffer> {
  const kept = passedOn.flatMap((name) => {
    const value = ownValue(env, name);
    return value === undefined ? [] : [[name, value] as const];
  });
  const child = spawn('gpg', ['--batch', '--quiet', '--no-tty', ...args], {
    cwd: '/',
    env: { ...plainEnvironment, ...Object.fromEntries(kept) },
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(signal === undefined ? {} : { signal }),
  });
  const output: Buffer[] = [];
  const said: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  // gpg may end before it has read everything; its exit status says why
  const [status, fed] = await Promise.allSettled([ended, pipeline(data, child.stdin)]);
  if (status.status === 'rejected') {
    signal?.throwIfAborted();
    if (errnoOf(status.reason) !== 'ENOENT') throw status.reason;
    throw new ProdngError('HOST_LACKS', 'gpg: not found', { hint: 'install gnupg: apt install gnupg' });
  }
  if (status.value !== 0)
    throw new ProdngError('KEY', `gpg cannot sign: ${Buffer.concat(said).toString().trim()}`, {
      hint: gpgHint(Buffer.concat(said).toString()),
    });
  if (fed.status === 'rejected') throw fed.reason;
  return Buffer.concat(output);
}

/** gpg's message names the cause only in part: the key's own state comes before that of the token. */
function gpgHint(message: string): string {
  if (/expired/i.test(message))
    return 'the key has expired: renew it with gpg --quick-set-expire, or use another key';
  if (/revoked/i.test(message)) return 'the key is revoked: use another key';
  if (/no pinentry|inappropriate ioctl|no such device/i.test(message))
    return 'is the token plugged in, and GPG_TTY set? Try: echo | gpg --sign';
  return 'try the same key by hand: echo | gpg --sign --local-user KEYID';
}
