import { ProdngError } from '../error/prodng-error.ts';
import { ownValue } from '../system/own-value.ts';
import { plainEnvironment } from '../system/process.ts';

/** Folders of a private apt. Nothing of the host's apt is read or written through them. */
export interface AptFolders {
  /** Lists, caches and the empty dpkg status. */
  state: string;
  /** sources.list.d with the configured archives; no preferences, no auth, no trusted keys. */
  etc: string;
}

/**
 * The configuration of a private apt, apt.conf(5). $APT_CONFIG is read before Dir::Etc::parts, so that the host's
 * apt.conf.d is never read. Signatures are checked with the keyrings named for each archive only.
 *
 * @throws ProdngError CONFIG when a path cannot be written into apt.conf
 */
export function aptConfiguration(folders: AptFolders, architecture: string): string {
  const values: Record<string, string> = {
    Dir: folders.state,
    'Dir::State': folders.state,
    'Dir::State::lists': `${folders.state}/lists`,
    'Dir::State::status': `${folders.state}/status`,
    'Dir::Cache': `${folders.state}/cache`,
    'Dir::Log': `${folders.state}/log`,
    'Dir::Etc': folders.etc,
    'Dir::Etc::main': 'apt.conf',
    'Dir::Etc::parts': 'apt.conf.d',
    'Dir::Etc::sourcelist': 'sources.list',
    'Dir::Etc::sourceparts': 'sources.list.d',
    'Dir::Etc::trusted': 'trusted.gpg',
    'Dir::Etc::trustedparts': 'trusted.gpg.d',
    'Dir::Bin::dpkg': '/usr/bin/dpkg',
    'APT::Architecture': architecture,
    'APT::Architectures': architecture,
    'APT::Install-Recommends': 'false',
    'APT::Install-Suggests': 'false',
    'APT::Get::Always-Include-Phased-Updates': 'true',
    // lists are read with the solver's own speed, and by us, only when they are not packed
    'Acquire::GzipIndexes': 'false',
    'Acquire::Languages': 'none',
    // --print-uris would print MD5 otherwise
    'Acquire::ForceHash': 'sha256',
    'Acquire::Retries': '2',
    'Acquire::http::Timeout': '20',
    'Acquire::https::Timeout': '20',
    'Acquire::AllowInsecureRepositories': 'false',
    'Acquire::AllowWeakRepositories': 'false',
    'Acquire::AllowDowngradeToInsecureRepositories': 'false',
  };
  return Object.entries(values)
    .map(([name, value]) => `${name} ${quoted(value)};\n`)
    .join('')
    .replace(/^APT::Architectures .*$/m, `APT::Architectures { ${quoted(architecture)}; };`);
}

function quoted(value: string): string {
  if (/["\n\\]/.test(value))
    throw new ProdngError('CONFIG', `apt cannot work in a folder with such a name: ${JSON.stringify(value)}`);
  return `"${value}"`;
}

/** What of the host's environment reaches apt and our own downloads, on purpose: the way out of its network. */
const proxyVariables = ['http_proxy', 'https_proxy', 'no_proxy'] as const;

/** The environment for a private apt. */
export function aptEnvironment(
  configuration: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Record<string, string> {
  const result: Record<string, string> = { ...plainEnvironment, APT_CONFIG: configuration };
  for (const name of proxyVariables) {
    const value = ownValue(env, name) ?? ownValue(env, name.toUpperCase());
    if (value !== undefined && value !== '') result[name] = value;
  }
  return result;
}
