import { closeSync, fstatSync, openSync } from 'node:fs';
import { errnoOf, ProdngError } from '../error/prodng-error.ts';
import { openPidfd } from '../kernel/pidfd.ts';
import { type KernelRule, ruleKinds, type Violation } from './kernel-rule.ts';
import {
  decodeFigures,
  decodeJail,
  type JailEntry,
  jailFirst,
  layouts,
  modeBits,
  type ProcessFigures,
  u32Key,
  u64,
} from './layout.ts';
import { type Attached, type LoadedPrograms, loadPrograms } from './loaded.ts';

/** How much is counted of a jail. */
export type Mode = 'base' | 'record';

/**
 * The counters of jails in the kernel. A jail is named by the inode number of its user namespace, which is held open so
 * that the number stays its own.
 */
export class Counters {
  readonly programs: LoadedPrograms;
  readonly #namespaces = new Map<number, number>();
  readonly #recorded = new Set<number>();
  /** Those with rules of system calls. */
  readonly #ruled = new Set<number>();
  #calls: Attached[] = [];

  /** @throws ProdngError HOST_LACKS */
  constructor(programs: LoadedPrograms = loadPrograms()) {
    this.programs = programs;
  }

  /**
   * Counts what a jail does from its next execve(2) on: to be called when its namespace is there and its service has not
   * been executed.
   *
   * @param pid its first process
   * @returns the jail's number
   */
  watch(pid: number, mode: Mode): number {
    const jail = this.#hold(pid);
    const entry = Buffer.alloc(layouts.jails.value);
    entry.writeUInt32LE(pid, jailFirst);
    this.programs.maps.jails.update(u32Key(jail), entry);
    this.setMode(jail, mode);
    return jail;
  }

  /**
   * Goes on with a jail that pinned programs have counted meanwhile.
   *
   * @returns whether it is that jail, and something is counted of it
   */
  adopt(pid: number, jail: number, mode: Mode, rules: readonly KernelRule[] = []): boolean {
    if (this.programs.maps.jails.lookup(u32Key(jail)) === undefined) return false;
    if (this.#hold(pid) !== jail) return false;
    this.setMode(jail, mode);
    this.setRules(jail, rules);
    return true;
  }

  /** Holds the user namespace of a process open. @returns its number */
  #hold(pid: number): number {
    const fd = openSync(`/proc/${pid}/ns/user`, 'r');
    const jail = fstatSync(fd).ino;
    const before = this.#namespaces.get(jail);
    if (before !== undefined) closeSync(before);
    this.#namespaces.set(jail, fd);
    return jail;
  }

  /** Also of a running jail: it then counts what begins from now on. */
  setMode(jail: number, mode: Mode): void {
    if (mode === 'record') {
      this.#recorded.add(jail);
      this.#attachCalls();
      this.#setBit(jail, modeBits.records, true);
      return;
    }
    this.#setBit(jail, modeBits.records, false);
    this.#recorded.delete(jail);
    this.#releaseCalls();
  }

  /** Puts rules in force for a jail: they act in the kernel, with or without this process. */
  setRules(jail: number, rules: readonly KernelRule[]): void {
    const { maps } = this.programs;
    for (const { kind, value, signal, id } of rules)
      maps.rules.update(u32Key(jail, kind, value, 0), u32Key(signal, id));
    if (rules.some(({ kind }) => kind === ruleKinds.call)) {
      this.#ruled.add(jail);
      this.#attachCalls();
      this.#setBit(jail, modeBits.refusals, true);
    }
    this.#setBit(jail, modeBits.rules, rules.length > 0);
  }

  /** What the rules of a jail have met with. The event loop goes on meanwhile. */
  async violations(jail: number): Promise<Violation[]> {
    const { violations } = this.programs.maps;
    return (await violations.keysOf(jail)).flatMap((key) => {
      const entry = violations.lookup(key);
      if (entry === undefined) return [];
      const [rule, program, value] = [key.readUInt32LE(4), key.readUInt32LE(8), key.readUInt32LE(12)];
      const [pid, signal] = [entry.readUInt32LE(16), entry.readUInt32LE(20)];
      return [{ rule, program, value, count: u64(entry, 0), pid, signal }];
    });
  }

  /** What is kept of it as a whole. */
  entry(jail: number): JailEntry {
    const value = this.programs.maps.jails.lookup(u32Key(jail));
    if (value === undefined) throw new ProdngError('INTERNAL', `nothing is counted of a jail ${jail}`);
    return decodeJail(value);
  }

  /** As `entry`; undefined when nothing is counted of it. */
  find(jail: number): JailEntry | undefined {
    const value = this.programs.maps.jails.lookup(u32Key(jail));
    return value === undefined ? undefined : decodeJail(value);
  }

  /** The figures of a process of a jail; undefined when it is none, or was not seen. */
  figures(pid: number): ProcessFigures | undefined {
    const task = this.#task(pid);
    if (task === undefined || task.readUInt32LE(0) === 0) return undefined;
    return decodeFigures(task, 32);
  }

  /**
   * From now on what enters the jail counts: until then it is what sets it up.
   *
   * @param pid the service, executed and not begun
   * @returns whether it counts as one of the jail's
   */
  confine(pid: number, jail: number): boolean {
    this.#setBit(jail, modeBits.confined, true);
    return this.#task(pid)?.readUInt32LE(0) === jail;
  }

  /** Forgets what of a jail is only counted in mode record. The event loop goes on meanwhile. */
  async forgetRecorded(jail: number): Promise<void> {
    const { calls, files } = this.programs.maps;
    for (const map of [calls, files]) await map.deleteOf(jail);
  }

  /** Forgets a jail and all that was counted of it. The event loop goes on meanwhile. */
  async forget(jail: number): Promise<void> {
    const { tasks: _, jails, modes, ...maps } = this.programs.maps;
    // nothing of it counts from now on
    for (const map of [jails, modes]) map.delete(u32Key(jail));
    for (const map of Object.values(maps)) await map.deleteOf(jail);
    const fd = this.#namespaces.get(jail);
    if (fd !== undefined) closeSync(fd);
    this.#namespaces.delete(jail);
    this.#recorded.delete(jail);
    this.#ruled.delete(jail);
    this.#releaseCalls();
  }

  /** Forgets all jails but these. */
  async keepOnly(jails: readonly number[]): Promise<void> {
    const others = [...this.programs.maps.jails.keys()]
      .map((key) => key.readUInt32LE(0))
      .filter((jail) => !jails.includes(jail));
    for (const jail of others) await this.forget(jail);
  }

  /** Lets go of everything; what is pinned goes on. */
  close(): void {
    for (const fd of this.#namespaces.values()) closeSync(fd);
    this.#namespaces.clear();
    this.#recorded.clear();
    this.#ruled.clear();
    if (!this.programs.isPinned) this.#releaseCalls();
    this.programs.close();
  }

  #task(pid: number): Buffer | undefined {
    const fd = pidfdOf(pid);
    if (fd === undefined) return undefined;
    try {
      return this.programs.maps.tasks.lookup(u32Key(fd));
    } finally {
      closeSync(fd);
    }
  }

  #attachCalls(): void {
    if (this.#calls.length === 0) this.#calls = this.programs.attachCalls();
  }

  #releaseCalls(): void {
    if (this.#recorded.size + this.#ruled.size > 0) return;
    for (const link of this.#calls) link.release();
    this.#calls = [];
  }

  #setBit(jail: number, bit: number, on: boolean): void {
    const { modes } = this.programs.maps;
    const bits = modes.lookup(u32Key(jail))?.readUInt32LE(0) ?? 0;
    modes.update(u32Key(jail), u32Key(on ? bits | bit : bits & ~bit));
  }
}

function pidfdOf(pid: number): number | undefined {
  try {
    return openPidfd(pid);
  } catch (error) {
    if (errnoOf(error) === 'ESRCH' || errnoOf(error) === 'EINVAL') return undefined;
    throw error;
  }
}
