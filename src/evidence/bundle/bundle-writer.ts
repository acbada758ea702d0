import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type { TarEntry } from '../../archive/entry.ts';
import { contentPadding, encodeEntryHeader, endOfArchive } from '../../archive/tar-writer.ts';
import { errnoOf, ProdngError, reasonOf } from '../../error/prodng-error.ts';
import { makeUnnamedFile, type UnnamedFile } from '../../output/unnamed-file.ts';
import { plainEnvironment } from '../../system/process.ts';
import type { EvidenceLimits } from '../limits.ts';
import { ManifestChain, type ManifestEntry } from './manifest.ts';

/** What a file of a bundle is, beside its bytes. */
export interface Item {
  /** In the bundle. */
  path: string;
  source: string;
  artifact: string;
}

/** Content whose length is known before it is read. */
export interface SizedContent {
  size: number;
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

export const manifestName = 'manifest.jsonl';
export const statementName = 'statement.intoto.jsonl';

/**
 * Writes a bundle: a tar of what was collected in the order of its collection, the manifest, the signed statement; all
 * as one zstd frame. Equal content at equal times gives equal bytes.
 */
export class BundleWriter {
  readonly manifest = new ManifestChain();
  /** Name and SHA-256 of all files so far. */
  readonly digests: { name: string; sha256: string }[] = [];
  readonly #limits: EvidenceLimits;
  readonly #file: UnnamedFile;
  readonly #zstd: ChildProcess;
  readonly #stdin: Writable;
  readonly #ended: Promise<unknown>;
  readonly #deadline: number;
  readonly #mtime: number;
  #said = '';
  #wake = () => {};
  #isEnded = false;
  #bytes = 0;
  #missing = 0;

  /** @throws ProdngError IO when there can be no file of that name */
  constructor(path: string, limits: EvidenceLimits, began: Date) {
    this.#limits = limits;
    this.#deadline = performance.now() + limits.total;
    this.#mtime = Math.floor(began.getTime() / 1000);
    this.#file = makeUnnamedFile(path);
    this.#zstd = spawn('zstd', ['-q', '-c', '-3', '-T1', '--check'], {
      env: { ...plainEnvironment },
      stdio: ['pipe', this.#file.fd, 'pipe'],
    });
    const { stdin } = this.#zstd;
    if (stdin === null) throw new ProdngError('INTERNAL', 'zstd has no standard input');
    this.#stdin = stdin;
    // its exit status and what it says tell more than our EPIPE
    this.#stdin.on('error', () => {});
    this.#stdin.on('drain', () => this.#wake());
    this.#zstd.stderr?.on('data', (chunk: Buffer) => {
      this.#said = `${this.#said}${chunk.toString()}`.slice(-500);
    });
    this.#ended = once(this.#zstd, 'close').then(
      ([status, signal]) => (status === 0 ? undefined : `zstd: ${this.#said.trim() || (signal ?? status)}`),
      (error: unknown) => error,
    );
    void this.#ended.then(() => {
      this.#isEnded = true;
      this.#wake();
    });
  }

  /** Adds a file. One that is past the limits is recorded as missing. */
  async add(item: Item, content: Buffer | SizedContent): Promise<void> {
    const sized = Buffer.isBuffer(content) ? { size: content.length, pieces: [content] } : content;
    const why = this.#pastLimit(sized.size);
    if (why !== undefined) return this.missing(item.source, item.artifact, 'LIMIT', why);
    const time = new Date().toISOString();
    const sha256 = await this.#write(item.path, sized);
    this.#bytes += sized.size;
    this.digests.push({ name: item.path, sha256 });
    this.record({ kind: 'file', ...item, size: sized.size, sha256, time });
  }

  async addJson(item: Item, value: unknown): Promise<void> {
    await this.add(item, Buffer.from(`${JSON.stringify(value, undefined, 1)}\n`));
  }

  /** Says what could not be collected. */
  missing(source: string, artifact: string, errno: string, why?: string): void {
    this.#missing++;
    const time = new Date().toISOString();
    const entry = { kind: 'missing', source: source.slice(0, 4096), artifact, errno, time } as const;
    this.record(why === undefined ? entry : { ...entry, why: why.slice(0, 1000) });
  }

  failed(source: string, artifact: string, error: unknown): void {
    this.missing(source, artifact, errnoOf(error) ?? 'UNKNOWN', reasonOf(error));
  }

  record(entry: ManifestEntry): void {
    this.manifest.append(entry);
  }

  /** Whether a limit of time or size leaves no room for more. */
  get isFull(): boolean {
    return this.#pastLimit(0) !== undefined;
  }

  /**
   * Ends the bundle and gives it its name.
   *
   * @param sign makes the statement over the manifest and all files
   * @param signal nothing is published once it is aborted
   * @throws ProdngError IO when the disk is full, TARGET_EXISTS
   */
  async finish(
    sign: (digests: readonly { name: string; sha256: string }[]) => Promise<string>,
    signal?: AbortSignal,
  ): Promise<{ size: number; sha256: string }> {
    const time = new Date().toISOString();
    this.record({
      kind: 'end',
      files: this.digests.length,
      missing: this.#missing,
      bytes: this.#bytes,
      time,
    });
    const manifest = this.manifest.toBuffer();
    const sha256 = await this.#write(manifestName, { size: manifest.length, pieces: [manifest] });
    this.digests.push({ name: manifestName, sha256 });
    const statement = Buffer.from(await sign(this.digests));
    await this.#write(statementName, { size: statement.length, pieces: [statement] });
    await this.#put(endOfArchive);
    this.#stdin.end();
    const fault = await this.#ended;
    if (fault !== undefined) throw this.#unwritten(fault);
    // lets the event loop see that the process which asked is gone: a bundle that no event names must not appear
    await new Promise((resolve) => setImmediate(resolve));
    signal?.throwIfAborted();
    return await this.#file.publish();
  }

  /** Lets go of everything; what was not finished is gone. */
  async close(): Promise<void> {
    this.#zstd.kill('SIGKILL');
    await this.#ended;
    this.#file.close();
  }

  async #write(path: string, { size, pieces }: SizedContent): Promise<string> {
    await this.#put(encodeEntryHeader(entryOf(path, size, this.#mtime)));
    const hash = createHash('sha256');
    let written = 0;
    for await (const piece of pieces) {
      written += piece.length;
      if (written > size) throw new ProdngError('INTERNAL', `${path}: more bytes than it was said to have`);
      hash.update(piece);
      await this.#put(piece);
    }
    if (written < size) throw new ProdngError('INTERNAL', `${path}: fewer bytes than it was said to have`);
    await this.#put(contentPadding(size));
    return hash.digest('hex');
  }

  async #put(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    if (this.#isEnded) throw this.#unwritten(await this.#ended);
    if (this.#stdin.write(bytes)) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    if (this.#isEnded) throw this.#unwritten(await this.#ended);
  }

  #unwritten(fault: unknown): ProdngError {
    if (errnoOf(fault) === 'ENOENT')
      return new ProdngError('HOST_LACKS', 'zstd: not found', { hint: 'run: apt-get install zstd' });
    return new ProdngError('IO', `the bundle cannot be written: ${String(fault)}`, {
      hint: 'is the disk full? See: df -h',
      cause: fault,
    });
  }

  #pastLimit(size: number): string | undefined {
    if (performance.now() > this.#deadline) return `the time limit of ${this.#limits.total} ms has passed`;
    if (this.#bytes + size > this.#limits.bytes) return `the bundle may hold ${this.#limits.bytes} bytes`;
    return undefined;
  }
}

/** The header of a file in a bundle: verification refuses any other. */
export function entryOf(path: string, size: number, mtime: number): TarEntry {
  return {
    path,
    type: 'file',
    mode: 0o600,
    uid: 0,
    gid: 0,
    uname: 'root',
    gname: 'root',
    mtime,
    size,
    linkPath: '',
  };
}
