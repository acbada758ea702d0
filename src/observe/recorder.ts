import { ProdngError } from '../error/prodng-error.ts';
import { allowedSyscalls } from '../jail/confine/seccomp.ts';
import type { JailObserver, ObservedJail } from '../jail/observer.ts';
import type { Counters, Mode } from './counters.ts';
import { declaredOf } from './declared.ts';
import type { KernelRule, Violation } from './kernel-rule.ts';
import type { Profile } from './profile.ts';
import { readProfile, type Subject } from './read-profile.ts';

/** Counts a jail that is being started, and reads what was counted. */
export class Recorder implements JailObserver {
  readonly #counters: Counters;
  readonly #mode: Mode;
  readonly #rules: readonly KernelRule[];
  #watched: { jail: number; prepared: ObservedJail } | undefined;
  #confined = false;

  /** @param rules of a policy, in force from the first instruction on */
  constructor(counters: Counters, mode: Mode, rules: readonly KernelRule[] = []) {
    this.#rules = rules;
    this.#counters = counters;
    this.#mode = mode;
  }

  created(pid: number, prepared: ObservedJail): void {
    const jail = this.#counters.watch(pid, this.#mode);
    this.#counters.setRules(jail, this.#rules);
    this.#watched = { jail, prepared };
  }

  confined(pid: number): void {
    if (this.#watched === undefined || !this.#counters.confine(pid, this.#watched.jail))
      throw new ProdngError('INTERNAL', 'the service was executed, and its execve(2) was not seen', {
        hint: 'a record from the first instruction on cannot be promised: start it without one',
      });
    this.#confined = true;
  }

  /** What the rules have met with. */
  async violations(): Promise<Violation[]> {
    return this.#watched === undefined ? [] : this.#counters.violations(this.#watched.jail);
  }

  /**
   * What was counted so far.
   *
   * @returns undefined when the service was never executed
   */
  async profile(): Promise<Profile | undefined> {
    if (this.#watched === undefined || !this.#confined) return undefined;
    const { jail, prepared } = this.#watched;
    return readProfile(this.#counters, jail, {
      ...recordSubject(prepared),
      mode: this.#mode,
      fromStart: true,
    });
  }
}

/** What a profile says of a jail beside what was counted. */
export function recordSubject(prepared: ObservedJail): Omit<Subject, 'mode' | 'fromStart'> {
  return {
    package: prepared.packageName,
    version: prepared.version,
    sha256: prepared.record.sha256,
    declared: declaredOf(prepared.declaration),
    runtime: prepared.runtime.name,
    blind: blindSpots(prepared.declaration.syscalls),
  };
}

/** What a jail may do that no counter sees. */
function blindSpots(declared: readonly string[]): string[] {
  const allowed = allowedSyscalls(declared);
  const spots = ['UDP: datagrams and their peers are not counted'];
  if (allowed.has('io_uring_enter'))
    spots.push('io_uring: files and connections of its requests are not among the calls that were counted');
  return spots;
}
