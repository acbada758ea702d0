import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { errnoOf } from '../../error/prodng-error.ts';
import { readPid } from '../runtime/pid-file.ts';
import { startTimeOf } from './jail-slot.ts';

/** A program that serves one run, and is identified by its command line. */
export interface NamedProgram {
  /** A word of its command line. */
  name: string;
  /** An argument that no other run's has. */
  argument: string;
  /** Where it writes its pid. */
  pidFile: string;
}

/** Kills a program and waits until it is gone. One that has not written its pid yet is found all the same. */
export async function endProgram(program: NamedProgram): Promise<void> {
  for (const pid of pidsOf(program)) {
    const started = startTimeOf(pid);
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if (errnoOf(error) !== 'ESRCH') throw error;
    }
    for (let tries = 0; startTimeOf(pid) === started && started !== undefined && tries < 200; tries++)
      await sleep(5);
  }
}

export function isProgramRunning(program: NamedProgram): boolean {
  return pidsOf(program).some((pid) => startTimeOf(pid) !== undefined);
}

function pidsOf({ name, argument, pidFile }: NamedProgram): number[] {
  const known = readPid(pidFile);
  return (known === undefined ? allPids() : [known]).filter((pid) => {
    const line = commandLine(pid);
    return line.includes(name) && line.includes(`\0${argument}\0`);
  });
}

function allPids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
