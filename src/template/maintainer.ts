import { ProdngError } from '../error/prodng-error.ts';
import { plainEnvironment, run } from '../system/process.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Placeholder for an unknown maintainer. */
export const defaultMaintainer = 'Unknown Maintainer <maintainer@example.org>';

/** What a Maintainer field must look like (Debian Policy 5.6.2); a comma would make two of it. */
const maintainerPattern = /^[^\s<>,](?:[^\p{Cc}<>,]*[^\s<>,])? <[^\s<>,@]+@[^\s<>,@]+>$/u;

/**
 * The person in whose name the package is made: DEBFULLNAME and DEBEMAIL as debchange(1) reads them, what is missing
 * from git's configuration, and defaultMaintainer when that has no address either.
 *
 * @throws ProdngError CONFIG when that is no maintainer that Policy allows
 */
export async function findMaintainer(env: Environment): Promise<string> {
  const whole = /^\s*(.*?)\s*<(.*)>\s*$/.exec(env.DEBEMAIL ?? '');
  const name = env.DEBFULLNAME || whole?.[1] || (await gitConfig('user.name', env));
  const email = whole?.[2] || env.DEBEMAIL || (await gitConfig('user.email', env));
  const maintainer = name && email ? `${name} <${email}>` : defaultMaintainer;
  if (maintainerPattern.test(maintainer)) return maintainer;
  throw new ProdngError(
    'CONFIG',
    `${JSON.stringify(maintainer)} cannot be a maintainer (Debian Policy 5.6.2)`,
    {
      hint: 'set DEBFULLNAME to a name without commas and DEBEMAIL to an address',
    },
  );
}

async function gitConfig(key: string, env: Environment): Promise<string> {
  // in the root folder: the working folder may be a repository of foreign origin, which has a configuration too
  const names = ['HOME', 'XDG_CONFIG_HOME', 'GIT_CONFIG_GLOBAL', 'GIT_CONFIG_SYSTEM', 'GIT_CONFIG_NOSYSTEM'];
  const own = names.flatMap((name) => {
    const value = env[name];
    return value === undefined ? [] : [[name, value]];
  });
  try {
    const result = await run(['git', 'config', '--get', key], {
      cwd: '/',
      env: { ...plainEnvironment, ...Object.fromEntries(own) },
      accept: [0, 1],
    });
    return result.stdout.trim();
  } catch (error) {
    // no git, or one whose configuration is broken: it was only asked for a default
    if (error instanceof ProdngError) return '';
    throw error;
  }
}
