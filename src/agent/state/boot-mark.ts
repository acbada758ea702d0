import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { AgentPaths } from './agent-paths.ts';
import { bootId } from './run-file.ts';

/**
 * Whether no agent has started with these folders since the host booted. The next call in the same boot returns false.
 * The mark is written before it is acted on: an agent that is killed in between leaves jails as they were, and no later
 * one stops what an operator has started since.
 */
export function isFirstOfBoot({ runs }: Pick<AgentPaths, 'runs'>): boolean {
  const mark = join(dirname(runs), 'boot');
  if (markedBoot(mark) === bootId()) return false;
  writeFileSync(mark, `${bootId()}\n`, { mode: 0o600 });
  return true;
}

function markedBoot(mark: string): string {
  try {
    return readFileSync(mark, 'utf8').trim();
  } catch {
    return '';
  }
}
