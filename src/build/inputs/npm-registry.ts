import { dirname } from 'node:path';
import { ProdngError } from '../../error/prodng-error.ts';
import { readFileBeneath } from '../../kernel/beneath-file.ts';
import { plainEnvironment, run } from '../../system/process.ts';
import type { NpmTarball } from './npm-lock.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Finds where a tarball can be fetched: in the registry that the user's npm is configured for, and where the lock says.
 * No registry is known to prodng itself, and nothing is taken from the source: an .npmrc in it could put the user's
 * secrets into the URL that is fetched.
 *
 * @param env the user's environment: HOME, and where npm's own configuration is
 */
export function npmRegistry(env: Environment = process.env): (tarball: NpmTarball) => Promise<string[]> {
  const known = new Map<string, Promise<string | undefined>>();
  const ask = (key: string): Promise<string | undefined> => {
    const answer = known.get(key) ?? npmConfig(key, env);
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

/**
 * Asks npm in the root folder, which no source is in, for one key. Of the environment it gets only where the user's
 * configuration is: a ${VARIABLE} in that stays unexpanded, and its value is then no URL.
 */
async function npmConfig(key: string, env: Environment): Promise<string | undefined> {
  const own = Object.fromEntries(
    ['HOME', 'npm_config_registry', 'npm_config_userconfig', 'npm_config_globalconfig'].flatMap((name) => {
      const value = env[name] ?? env[name.toUpperCase()];
      return value === undefined ? [] : [[name, value]];
    }),
  );
  // npm is beside node where it did not come from Debian; it would ask the registry whether there is a newer npm
  const PATH = `${dirname(process.execPath)}:${plainEnvironment.PATH}`;
  const environment = { ...plainEnvironment, PATH, npm_config_update_notifier: 'false', ...own };
  try {
    const { stdout } = await run(['npm', 'config', 'get', key], { cwd: '/', env: environment });
    return registryUrl(stdout);
  } catch (error) {
    // a host without npm still has what the lock says
    if (error instanceof ProdngError && error.code === 'HOST_LACKS') return undefined;
    throw error;
  }
}

/** What npm says, if it is the URL of a registry. */
function registryUrl(said: string): string | undefined {
  const text = said.trim();
  if (!/^https?:\/\/[^\s${}]+$/.test(text) || !URL.canParse(text)) return undefined;
  return text;
}

/** The text of a source's package-lock.json; undefined when it has none. */
export function readPackageLock(dir: string): string | undefined {
  return readFileBeneath(dir, 'package-lock.json')?.toString('utf8');
}
