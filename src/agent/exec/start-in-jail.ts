import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { ProdngError } from '../../error/prodng-error.ts';
import type { RunRecord } from '../../jail/lifecycle/jail-slot.ts';
import { inOwnMountNamespace, mountFileSystem } from '../../kernel/mount.ts';
import { plainEnvironment } from '../../system/process.ts';

export interface InJailOptions {
  argv: readonly string[];
  stdio: StdioOptions;
  /** Where the runtime writes its pid, as the host counts. */
  pidFile?: string;
  /** Whether the streams are a terminal. */
  terminal?: boolean;
}

/** What is read of the OCI configuration that the jail was made of. */
const configuration = z.looseObject({
  root: z.looseObject({ path: z.string() }),
  process: z.looseObject({ env: z.array(z.string()) }),
});

/**
 * Has the runtime execute a program in a running jail: same user, capabilities, seccomp filter and control group as
 * its service. All of it is said to the runtime, as crun before 1.17 takes root when it is told no user.
 *
 * The runtime changes to the folder that the rootfs was staged in, and says only ENOENT where there is none: it gets
 * an empty one, in a mount namespace of its own.
 */
export function startInJail(record: RunRecord, options: InJailOptions): ChildProcess {
  const { root, process: service } = readConfiguration(record);
  const { pidFile, argv, stdio, terminal } = options;
  const env = terminal === true ? [...service.env, 'TERM=xterm'] : service.env;
  const processFile = join(record.bundle, `exec-${randomBytes(4).toString('hex')}.json`);
  writeFileSync(processFile, JSON.stringify({ ...service, env, args: argv, terminal: false }), {
    mode: 0o600,
  });
  const flags = pidFile === undefined ? [] : ['--pid-file', pidFile];
  const [file, ...args] = [...record.runtime, 'exec', '--process', processFile, ...flags, record.id];
  const child = inOwnMountNamespace(() => {
    mountFileSystem(
      'tmpfs',
      'prodng',
      dirname(root.path),
      ['nosuid', 'nodev', 'noexec'],
      'mode=755,size=16k',
    );
    mkdirSync(root.path);
    return spawn(file ?? '', args, { env: { ...plainEnvironment }, stdio, detached: true });
  });
  const forget = () => rmSync(processFile, { force: true });
  child.once('exit', forget);
  child.once('error', forget);
  return child;
}

function readConfiguration({ bundle, name }: RunRecord): z.infer<typeof configuration> {
  const parsed = configuration.safeParse(JSON.parse(readFileSync(join(bundle, 'config.json'), 'utf8')));
  if (parsed.success) return parsed.data;
  throw new ProdngError('JAIL_STATE', `${name}: its bundle is damaged: ${bundle}`, {
    hint: `prodng restart ${name}`,
  });
}
