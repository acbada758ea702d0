import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { loadArchives } from '../../src/store/archive-config.ts';
import { hostArchitecture } from '../../src/system/architecture.ts';
import { testEnvironment } from './prodng.ts';

const shared = '/var/cache/prodng-test/sources';

/**
 * Fetches a source package of the configured Debian archive with an apt of its own. It is kept from one test to the
 * next.
 *
 * @param target a folder that gets a copy
 * @returns the path of the .dsc in it
 */
export async function fetchDebianSource(name: string, target: string): Promise<string> {
  const kept = await keptSource(name);
  // what a build writes beside a source must not be there for the next
  cpSync(dirname(kept), target, { recursive: true });
  return join(target, basename(kept));
}

async function keptSource(name: string): Promise<string> {
  const folder = join(shared, name);
  mkdirSync(folder, { recursive: true });
  const kept = dscIn(folder);
  if (kept !== undefined) return kept;
  const archives = await loadArchives({ architecture: hostArchitecture(), env: process.env });
  const lines = archives.flatMap(({ uri, suite, components, signedBy }) =>
    signedBy.kind === 'files'
      ? [`deb-src [signed-by=${signedBy.paths.join(',')}] ${uri} ${suite} ${components.join(' ')}`]
      : [],
  );
  const home = join(shared, 'apt');
  mkdirSync(join(home, 'state/lists/partial'), { recursive: true });
  mkdirSync(join(home, 'cache/archives/partial'), { recursive: true });
  writeFileSync(join(home, 'sources.list'), `${lines.join('\n')}\n`);
  const configuration = join(home, 'apt.conf');
  writeFileSync(
    configuration,
    `Dir::State "${home}/state";\nDir::Cache "${home}/cache";\nDir::Etc::SourceParts "/dev/null";\n` +
      `Dir::Etc::SourceList "${home}/sources.list";\nAPT::Sandbox::User "root";\n`,
  );
  const options = {
    cwd: folder,
    env: { ...(await testEnvironment()), APT_CONFIG: configuration },
    stdio: 'pipe',
  } as const;
  execFileSync('apt-get', ['update', '--error-on=any'], options);
  execFileSync('apt-get', ['source', '--download-only', '-qq', name], options);
  const fetched = dscIn(folder);
  if (fetched === undefined) throw new Error(`apt fetched no .dsc of ${name}`);
  return fetched;
}

function dscIn(folder: string): string | undefined {
  const name = readdirSync(folder).find((file) => file.endsWith('.dsc'));
  return name === undefined ? undefined : join(folder, name);
}
