import { createHash } from 'node:crypto';
import { closeSync, mkdtempSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { errnoOf, ProdngError, reasonOf } from '../../error/prodng-error.ts';
import { makeMemoryFile } from '../../kernel/memory-file.ts';
import { run } from '../../system/process.ts';

/** Something to scan: an open file, or one that is only in memory. */
export interface ScanTarget {
  /** For the report. */
  name: string;
  /** Readable; the scan closes it. */
  fd: number;
  size: number;
}

export interface ScanMatch {
  rule: string;
  target: string;
}

/** What a scan did. */
export interface ScanResult {
  scanned: number;
  bytes: number;
  matches: ScanMatch[];
}

/** Bytes of memory and s of CPU time of yara itself: rules and files may be made to cost more. */
const [mostMemory, mostCpu] = [4 * 2 ** 30, 600];
/** s that one file may take. */
const patience = 60;
/** Files and bytes that are open at once. */
const [mostFiles, mostBytes] = [200, 64 * 2 ** 20];

/** Rules that yara has compiled. */
export class YaraRules {
  readonly #folder: string;
  /** Of the sources, one behind the other. */
  readonly sha256: string;

  private constructor(folder: string, sha256: string) {
    this.#folder = folder;
    this.sha256 = sha256;
  }

  /**
   * Compiles rules once for all that is scanned.
   *
   * @param path a file, or a folder whose .yar and .yara files are taken
   * @throws ProdngError HOST_LACKS without yara, CONFIG when yara refuses a rule or there is none
   */
  static async compile(path: string): Promise<YaraRules> {
    const files = await rulesIn(path);
    const hash = createHash('sha256');
    for (const file of files) hash.update(readRules(file));
    const folder = mkdtempSync(join(tmpdir(), 'prodng-yara-'));
    try {
      await limited(['yarac', '-w', ...files.map(namespaced), join(folder, 'rules')]);
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      if (!(error instanceof ProdngError) || error.code !== 'COMMAND_FAILED') throw error;
      throw new ProdngError('CONFIG', `${path}: yara refuses the rules: ${error.message}`, { cause: error });
    }
    return new YaraRules(folder, hash.digest('hex'));
  }

  /**
   * Scans targets, by groups of a few hundred, with one process a group.
   *
   * @throws ProdngError COMMAND_FAILED when yara fails or is past its limits: what was not scanned is not clean
   */
  async scan(targets: Iterable<ScanTarget> | AsyncIterable<ScanTarget>): Promise<ScanResult> {
    const result: ScanResult = { scanned: 0, bytes: 0, matches: [] };
    let group: ScanTarget[] = [];
    let size = 0;
    const flush = async () => {
      const matches = await this.#scanGroup(group);
      result.matches.push(...matches);
      result.scanned += group.length;
      result.bytes += size;
      group = [];
      size = 0;
    };
    try {
      for await (const target of targets) {
        group.push(target);
        size += target.size;
        if (group.length >= mostFiles || size >= mostBytes) await flush();
      }
      if (group.length > 0) await flush();
      return result;
    } finally {
      for (const { fd } of group) closeQuietly(fd);
    }
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #scanGroup(group: readonly ScanTarget[]): Promise<ScanMatch[]> {
    const place = (fd: number) => `/proc/${process.pid}/fd/${fd}`;
    const names = new Map(group.map(({ name, fd }) => [place(fd), name]));
    const list = makeMemoryFile(group.map(({ fd }) => `${place(fd)}\n`).join(''));
    try {
      const options = ['-w', '-C', '-p', '1', '-a', String(patience), '--scan-list'];
      const { stdout, stderr } = await limited([
        'yara',
        ...options,
        join(this.#folder, 'rules'),
        place(list),
      ]);
      const fault = stderr.split('\n').find((line) => line.startsWith('error'));
      if (fault !== undefined) throw new ProdngError('COMMAND_FAILED', `yara: ${renamed(fault, names)}`);
      return stdout.split('\n').flatMap((line) => {
        const [, rule = '', path = ''] = /^(\w+) (\/proc\/\d+\/fd\/\d+)$/.exec(line) ?? [];
        const target = names.get(path);
        return target === undefined ? [] : [{ rule, target }];
      });
    } finally {
      closeSync(list);
      for (const { fd } of group) closeQuietly(fd);
    }
  }
}

/** Puts bytes into memory for yara to read. */
export function memoryTarget(name: string, pieces: readonly Uint8Array[]): ScanTarget {
  const fd = makeMemoryFile();
  let size = 0;
  for (const piece of pieces) {
    for (let rest = piece; rest.length > 0; ) {
      const written = writeSync(fd, rest, 0, rest.length, size);
      size += written;
      rest = rest.subarray(written);
    }
  }
  return { name, fd, size };
}

function limited(argv: readonly [string, ...string[]]) {
  return run(['prlimit', `--as=${mostMemory}`, `--cpu=${mostCpu}`, '--core=0', '--', ...argv], {
    hint: 'run: apt-get install yara',
    timeout: mostCpu * 1000,
  });
}

async function rulesIn(path: string): Promise<string[]> {
  const at = resolve(path);
  try {
    if (!statSync(at).isDirectory()) return [at];
    const names = (await readdir(at)).filter((name) => /\.yara?$/.test(name)).toSorted();
    if (names.length > 0) return names.map((name) => join(at, name));
  } catch (cause) {
    if (errnoOf(cause) === undefined) throw cause;
    throw new ProdngError('CONFIG', `${path}: cannot be read: ${reasonOf(cause)}`, { cause });
  }
  throw new ProdngError('CONFIG', `${path}: holds no .yar or .yara file`);
}

function readRules(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new ProdngError('CONFIG', `${file}: cannot be read: ${reasonOf(cause)}`, { cause });
  }
}

/** Rules of two files may have the same name. */
function namespaced(file: string, index: number): string {
  return `n${index}:${file}`;
}

function renamed(text: string, names: ReadonlyMap<string, string>): string {
  return text.replace(/\/proc\/\d+\/fd\/\d+/g, (path) => names.get(path) ?? path);
}

function closeQuietly(fd: number): void {
  try {
    closeSync(fd);
  } catch {
    // closed with its group
  }
}
