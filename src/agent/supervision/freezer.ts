import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ProdngError } from '../../error/prodng-error.ts';
import type { RunRecord } from '../../jail/lifecycle/jail-slot.ts';
import { runTool } from '../../jail/runtime/host-tool.ts';
import { runtimeErrors } from '../../jail/runtime/runtime.ts';

/** Stops all processes of a run where they are; the kernel gives them no time until they are thawed. */
export function freezeRun(record: RunRecord): Promise<void> {
  return tell(record, 'pause');
}

export function thawRun(record: RunRecord): Promise<void> {
  return tell(record, 'resume');
}

/** By the kernel's word. */
export function isFrozen({ cgroup, cgroups }: RunRecord): boolean {
  if (cgroups === 'v2') return read(join('/sys/fs/cgroup', cgroup, 'cgroup.events')).includes('frozen 1');
  return read(join('/sys/fs/cgroup/freezer', cgroup, 'freezer.state')).startsWith('FR');
}

async function tell(record: RunRecord, verb: 'pause' | 'resume'): Promise<void> {
  const { status } = await runTool([...record.runtime, verb, record.id], { accept: [0, 1, 255] });
  if (status !== 0)
    throw new ProdngError(
      'COMMAND_FAILED',
      `${record.name}: ${verb}: ${runtimeErrors(join(record.bundle, 'log'))}`,
    );
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
