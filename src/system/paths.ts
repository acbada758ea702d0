import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { ProdngError } from '../error/prodng-error.ts';

/** Where ProdNG keeps its own files. Root uses the FHS places, everybody else the XDG ones. */
export interface Paths {
  /** May be deleted at any time: fetched .debs, build roots, compressed blocks. */
  cache: string;
  /** Must survive a reboot: volumes, uid ranges. */
  state: string;
  /** Gone after a reboot: running jails, locks. */
  run: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The folders to use. `PRODNG_CACHE_DIR`, `PRODNG_STATE_DIR` and `PRODNG_RUN_DIR` override each one.
 *
 * @throws ProdngError CONFIG when an override is not an absolute path
 */
export function prodngPaths(env: Environment = process.env, uid = process.getuid?.() ?? 0): Paths {
  const base = uid === 0 ? systemPaths : userPaths(env);
  return {
    cache: override(env, 'PRODNG_CACHE_DIR') ?? base.cache,
    state: override(env, 'PRODNG_STATE_DIR') ?? base.state,
    run: override(env, 'PRODNG_RUN_DIR') ?? base.run,
  };
}

const systemPaths: Paths = { cache: '/var/cache/prodng', state: '/var/lib/prodng', run: '/run/prodng' };

function userPaths(env: Environment): Paths {
  const home = homedir();
  const cache = join(absolute(env.XDG_CACHE_HOME) ?? join(home, '.cache'), 'prodng');
  const runtime = absolute(env.XDG_RUNTIME_DIR);
  return {
    cache,
    state: join(absolute(env.XDG_STATE_HOME) ?? join(home, '.local/state'), 'prodng'),
    // Never a guessable name in /tmp: another user could create it first and own our run folder.
    run: runtime === undefined ? join(cache, 'run') : join(runtime, 'prodng'),
  };
}

/** The XDG base directory specification says that a relative path is to be ignored. */
function absolute(path: string | undefined): string | undefined {
  return path !== undefined && isAbsolute(path) ? path : undefined;
}

function override(env: Environment, name: string): string | undefined {
  const value = env[name];
  if (value === undefined || value === '') return undefined;
  if (!isAbsolute(value)) throw new ProdngError('CONFIG', `${name}: not an absolute path: ${value}`);
  return value;
}
