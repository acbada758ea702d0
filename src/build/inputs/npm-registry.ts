import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ProdngError } from '../../error/prodng-error.ts';
import { run } from '../../system/process.ts';
import type { NpmTarball } from './npm-lock.ts';

/**
 * Finds where a tarball can be fetched: in the registry that the user's npm is configured for, and where the lock says.
 * No registry is known to prodng itself.
 *
 * @param dir the source: an .npmrc in it counts
 */
export function npmRegistry(dir: string): (tarball: NpmTarball) => Promise<string[]> {
  const known = new Map<string, Promise<string | undefined>>();
  const ask = (key: string): Promise<string | undefined> => {
    const answer = known.get(key) ?? npmConfig(dir, key);
    known.set(key, answer);
    return answer;
  };
  return async ({ name, version, resolved }) => {
    const scope = /^@[^/]+/.exec(name)?.[0];
    const registry = (scope && (await ask(`${scope}:registry`))) ?? (await ask('registry'));
    const file = `${name.slice(name.indexOf('/') + 1)}-${version}.tgz`;
    const own = registry === undefined ? [] : [`${registry.replace(/\/+$/, '')}/${name}/-/${file}`];
    return [...new Set([...own, ...(resolved === undefined ? [] : [resolved])])];
  };
}

async function npmConfig(dir: string, key: string): Promise<string | undefined> {
  // npm would ask the registry whether there is a newer npm
  const env: Record<string, string> = { npm_config_update_notifier: 'false' };
  for (const [name, value] of Object.entries(process.env)) if (value !== undefined) env[name] = value;
  try {
    const { stdout } = await run(['npm', 'config', 'get', key], { cwd: dir, env });
    const answer = stdout.trim();
    return /^https?:\/\/\S+$/.test(answer) ? answer : undefined;
  } catch (error) {
    // a host without npm still has what the lock says
    if (error instanceof ProdngError && error.code === 'HOST_LACKS') return undefined;
    throw error;
  }
}

/** The text of a source's package-lock.json; undefined when it has none. */
export async function readPackageLock(dir: string): Promise<string | undefined> {
  try {
    return await readFile(join(dir, 'package-lock.json'), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
