import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { prettifyError } from 'zod';
import { errnoOf, ProdngError } from '../../error/prodng-error.ts';
import { syncFolder, writeFileAtomic } from '../../system/atomic-file.ts';
import type { AgentPaths } from './agent-paths.ts';
import { type Overrides, overridesSchema } from './overrides-schema.ts';

/**
 * What the operator has set for a jail, in jails.d: written by `prodng set` or by hand.
 *
 * @throws ProdngError CONFIG naming the file and each fault
 */
export async function readOverrides(name: string, paths: AgentPaths): Promise<Overrides> {
  const file = overridesFile(name, paths);
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return {};
    throw new ProdngError('CONFIG', `${file}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  const parsed = overridesSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new ProdngError('CONFIG', `${file}: ${prettifyError(parsed.error)}`);
}

/** Writes them; none at all leave no file. */
export async function writeOverrides(name: string, overrides: Overrides, paths: AgentPaths): Promise<void> {
  const file = overridesFile(name, paths);
  if (Object.keys(overrides).length === 0) {
    await rm(file, { force: true });
    if (existsSync(join(file, '..'))) await syncFolder(join(file, '..'));
    return;
  }
  await mkdir(join(file, '..'), { recursive: true, mode: 0o755 });
  await writeFileAtomic(file, `${JSON.stringify(overrides, undefined, 2)}\n`);
}

/** Where they are. */
export function overridesFile(name: string, { config }: AgentPaths): string {
  return join(config, 'jails.d', `${name}.json`);
}
