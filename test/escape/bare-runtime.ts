import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { programPath, volumePath } from './hostile-jail.ts';

const configuration = z.looseObject({
  process: z.looseObject({ terminal: z.boolean(), args: z.array(z.string()) }),
  mounts: z.array(z.looseObject({ destination: z.string() })),
});

/**
 * Runs the hostile program as `runc spec` would have it: the same rootfs, and a folder and a tmpfs as people add them.
 *
 * @param rootfs as prodng unpacked it
 * @param log becomes standard error
 * @returns its standard output
 */
export async function runBare(
  folder: string,
  rootfs: string,
  argv: readonly string[],
  log: string,
): Promise<string> {
  mkdirSync(join(folder, 'volume'), { recursive: true });
  execFileSync('cp', ['--archive', rootfs, join(folder, 'rootfs')]);
  for (const place of ['tmp', 'sys', volumePath.slice(1)])
    mkdirSync(join(folder, 'rootfs', place), { recursive: true });
  execFileSync('runc', ['spec', '--bundle', folder]);
  const path = join(folder, 'config.json');
  const config = configuration.parse(JSON.parse(readFileSync(path, 'utf8')));
  config.process.terminal = false;
  config.process.args = [programPath, ...argv];
  config.mounts.push(
    { destination: volumePath, type: 'bind', source: join(folder, 'volume'), options: ['bind', 'rw'] },
    { destination: '/tmp', type: 'tmpfs', source: 'tmpfs', options: [] },
  );
  writeFileSync(path, JSON.stringify(config));
  const child = spawn('runc', ['run', '--bundle', folder, `hostile-bare-${process.pid}`], {
    env: { ...process.env, HOST_SECRET: 'secret' },
    stdio: ['ignore', 'pipe', openSync(log, 'a')],
  });
  if (child.stdout === null) throw new Error('no output');
  return text(child.stdout);
}
