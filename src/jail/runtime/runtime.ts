import { accessSync, constants, existsSync, readFileSync, statfsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ProdngError } from '../../error/prodng-error.ts';
import { plainEnvironment } from '../../system/process.ts';

/** How this host arranges control groups. */
export type CgroupMode = 'v2' | 'v1';

/** An OCI runtime of the host: crun(1) or runc(8), which share their command line. */
export interface OciRuntime {
  path: string;
  name: string;
  cgroups: CgroupMode;
}

/** CGROUP2_SUPER_MAGIC, statfs(2). */
const CGROUP2_MAGIC = 0x6367_7270;

/** A hybrid host, whose controllers are in v1 hierarchies, counts as v1. */
export function cgroupMode(): CgroupMode {
  return statfsSync('/sys/fs/cgroup').type === CGROUP2_MAGIC ? 'v2' : 'v1';
}

/**
 * The runtime to use: crun where cgroup v2 is, as it is faster and knows more; runc elsewhere, as crun refuses
 * hybrid hosts.
 *
 * @param wanted a path, to take this one and no other
 * @throws ProdngError HOST_LACKS when there is none
 */
export function findRuntime(wanted?: string): OciRuntime {
  const cgroups = cgroupMode();
  const candidates = wanted === undefined ? (cgroups === 'v2' ? ['crun', 'runc'] : ['runc']) : [wanted];
  for (const candidate of candidates) {
    const path = findProgram(candidate);
    if (path !== undefined) return { path, name: basename(path), cgroups };
  }
  throw new ProdngError('HOST_LACKS', `no OCI runtime: ${candidates.join(' and ')} not found`, {
    hint: `as root, run: apt-get install ${candidates[0]}`,
  });
}

/** Finds a program as execvp(3) would with our own search path. */
export function findProgram(name: string): string | undefined {
  const paths = name.includes('/')
    ? [name]
    : (plainEnvironment.PATH ?? '').split(':').map((folder) => join(folder, name));
  return paths.find((path) => existsSync(path) && isExecutable(path));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The runtime's command line, up to the subcommand. */
export function runtimeArgv(
  runtime: OciRuntime,
  stateFolder: string,
  logFile: string,
): [string, ...string[]] {
  return [runtime.path, '--root', stateFolder, '--log', logFile, '--log-format', 'json'];
}

/** The errors in a runtime's log, the last one last. */
export function runtimeErrors(logFile: string): string {
  let text: string;
  try {
    text = readFileSync(logFile, 'utf8');
  } catch {
    return '';
  }
  const messages = text.split('\n').flatMap((line) => {
    try {
      const entry: unknown = JSON.parse(line);
      if (typeof entry !== 'object' || entry === null || !('msg' in entry)) return [];
      if ('level' in entry && entry.level !== 'error' && entry.level !== 'fatal') return [];
      return [String(entry.msg)];
    } catch {
      return [];
    }
  });
  return messages.slice(-3).join('; ');
}
