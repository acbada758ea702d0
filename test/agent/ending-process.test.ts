import { spawn } from 'node:child_process';
import { expect, it } from 'vitest';
import { exposureOf } from '../../src/agent/metrics/exposure.ts';
import { bootId, type RunFile } from '../../src/agent/state/run-file.ts';
import { startTimeOf } from '../../src/jail/lifecycle/jail-slot.ts';
import { declarationOf } from '../control/declarations.ts';

const declaration = declarationOf('');

/** A run whose first process is one of ours: it has no jail, and is only asked about. */
function runOf(pid: number): RunFile {
  const startTime = startTimeOf(pid);
  return {
    boot: bootId(),
    format: 1,
    phase: 'running',
    started: '2026-01-01T00:00:00Z',
    record: {
      name: 'box',
      id: 'box',
      deb: 'box.deb',
      version: '1',
      sha256: '',
      runtime: ['runc'],
      cgroup: '/prodng-box',
      cgroups: 'v1',
      bundle: '/nonexistent',
      supervisor: process.pid,
      pid,
      ...(startTime === undefined ? {} : { startTime }),
    },
  };
}

it('has no exposure for a process that is just ending, and no fault either', () => {
  let answers = 0;
  for (let round = 0; round < 300; round += 1) {
    const run = runOf(spawn('true', { stdio: 'ignore' }).pid ?? -1);
    // this thread does not reap meanwhile, so that each is asked through its whole end
    while (exposureOf(run, declaration) !== undefined) answers += 1;
  }
  expect(answers).toBeGreaterThan(0);
});
