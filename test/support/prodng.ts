import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';

/** The folders of prodng that tests share: what one fetched and built serves the others. */
export const sharedCache = '/var/cache/prodng-test/cache';

/** The CLI as its users have it: scripts/setup builds it, or Debian's packages have installed it. */
export const prodng =
  process.env.PRODNG_TEST_PROGRAM === undefined ? resolve('bin/prodng') : '/usr/bin/prodng';

/**
 * A cache that shares what is fetched and built with all tests, but has a folder of its own for builds that are under
 * way: what others do at the same time is not seen in it.
 */
export function ownWorkCache(folder: string): string {
  const cache = join(folder, 'cache');
  mkdirSync(cache, { recursive: true });
  for (const name of ['apt', 'blocks', 'build-roots', 'linker-caches', 'store']) {
    mkdirSync(join(sharedCache, name), { recursive: true });
    symlinkSync(join(sharedCache, name), join(cache, name));
  }
  return cache;
}

export interface Ended {
  status: number;
  stdout: string;
  stderr: string;
}

export interface ProdngOptions {
  cwd?: string;
  env?: Readonly<Record<string, string>>;
  /** Runs before prodng: `setpriv ...`. */
  prefix?: readonly string[];
}

/** The environment of a test's prodng: nothing of the caller's but the way out of the network. */
export async function testEnvironment(
  env: Readonly<Record<string, string>> = {},
): Promise<Record<string, string>> {
  await mkdir(sharedCache, { recursive: true });
  const passed: Record<string, string> = {};
  for (const name of ['http_proxy', 'https_proxy', 'no_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY']) {
    const value = process.env[name];
    if (value !== undefined) passed[name] = value;
  }
  return {
    ...passed,
    PATH: process.env.PATH ?? '/usr/bin:/bin',
    HOME: '/root',
    PRODNG_CACHE_DIR: sharedCache,
    ...env,
  };
}

/** Starts prodng; its output is there when it has ended. */
export async function startProdng(
  argv: readonly string[],
  options: ProdngOptions = {},
): Promise<{ child: ChildProcess; ended: Promise<Ended> }> {
  const [file, ...args] = [...(options.prefix ?? []), prodng, ...argv];
  const child = spawn(file ?? prodng, args, {
    cwd: options.cwd,
    env: await testEnvironment(options.env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk: Buffer) => (said.stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (said.stderr += chunk.toString()));
  const ended = new Promise<Ended>((done, fail) => {
    child.once('error', fail);
    child.once('close', (code, signal) =>
      done({ status: code ?? (signal === 'SIGKILL' ? 137 : 143), ...said }),
    );
  });
  return { child, ended };
}

/** Runs prodng to its end. */
export async function runProdng(argv: readonly string[], options: ProdngOptions = {}): Promise<Ended> {
  return await (await startProdng(argv, options)).ended;
}
