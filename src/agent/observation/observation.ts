import { errnoOf, ProdngError } from '../../error/prodng-error.ts';
import type { RunRecord } from '../../jail/lifecycle/jail-slot.ts';
import { startTimeOf } from '../../jail/lifecycle/jail-slot.ts';
import type { PreparedJail } from '../../jail/runtime/prepare-jail.ts';
import type { Counters } from '../../observe/counters.ts';
import type { Profile } from '../../observe/profile.ts';
import { readProfile } from '../../observe/read-profile.ts';
import { recordSubject } from '../../observe/recorder.ts';
import { type JailTotals, readTotals } from '../../observe/totals.ts';
import type { ActingRule } from '../../policy/combine.ts';
import { kernelRules } from '../../policy/kernel-rules.ts';
import type { EventLog } from '../events/event-log.ts';
import type { AgentPaths } from '../state/agent-paths.ts';
import { bootId } from '../state/run-file.ts';
import { WorkQueue } from '../supervision/work-queue.ts';
import { type ObservedFigures, observedFigures } from './figures.ts';
import { HostPolicies } from './host-policies.ts';
import { Mechanism, reasonOfFailure } from './mechanism.ts';
import { type Note, type ObserveMode, readNotes, removeNote, writeNote } from './note.ts';
import { PolicySignatures } from './policy-signature.ts';
import { type ProfileQuota, ProfileStore } from './profile-store.ts';
import { type PolicyActions, Reactor, type ViolationCount } from './reactor.ts';

export interface ObservationOptions {
  /** Of jails for which nothing else is set. */
  mode: ObserveMode;
  /** Minutes for which a version is recorded that has no record yet; 0 for none. */
  recordNew: number;
  keep: ProfileQuota;
  /** Public keys of which one must have signed each policy. */
  policyKeyring?: string | undefined;
}

/** How a start is to be observed. */
export interface ObservationPlan {
  /** What the operator has set for the jail. */
  wanted?: ObserveMode;
  /** Of the policies that are for it. */
  rules: ActingRule[];
}

/** What is in force for a run. */
export interface ObservedState {
  mode: ObserveMode;
  /** Why it is not observed as it should be. */
  fault?: string;
}

/** The observation of a start. What fails it is a policy that cannot be put in force, and nothing else. */
export interface StartObserver {
  /** Called when the jail's namespaces are there and its service has not been executed. @throws ProdngError POLICY */
  created(record: RunRecord): Promise<void>;
  /** Called when the service has been executed and has not begun. @throws ProdngError POLICY */
  confined(pid: number): void;
}

/** ms between two reads of what the kernel has counted. */
const interval = 1000;

/**
 * Has the kernel count what the jails do, from their first instruction on. The counters are pinned, and each run has a
 * note in the run folder: the next agent goes on where this one has ended.
 */
export class Observation {
  readonly profiles: ProfileStore;
  readonly policies: HostPolicies;
  readonly #options: ObservationOptions;
  readonly #paths: AgentPaths;
  readonly #events: EventLog;
  readonly #actions: PolicyActions;
  readonly #mechanism: Mechanism;
  readonly #notes = new Map<string, Note>();
  /** Polls go one by one. */
  readonly #polling = new WorkQueue();
  #timer: NodeJS.Timeout | undefined;
  readonly #reactor: Reactor;
  #lastFault = '';

  constructor(options: ObservationOptions, paths: AgentPaths, events: EventLog, actions: PolicyActions) {
    this.#options = options;
    this.#paths = paths;
    this.#events = events;
    this.#actions = actions;
    this.#mechanism = new Mechanism(paths.jail);
    this.policies = new HostPolicies(
      paths,
      events,
      () => this.#mechanism.canCount(),
      new PolicySignatures(options.policyKeyring),
    );
    this.#reactor = new Reactor(events, actions);
    this.profiles = new ProfileStore(paths.profiles, options.keep);
  }

  /** Goes on with what an earlier agent has observed, and keeps the profiles of runs that have ended since. */
  async open(): Promise<void> {
    const notes = readNotes(this.#paths.observed, bootId());
    try {
      this.#mechanism.adopt();
      // also what an agent left that was killed while it loaded the programs
      if (!notes.some(({ jail }) => jail !== 0)) this.#mechanism.remove();
      // an agent that was killed while it began to observe a jail has left no note of it
      await this.#mechanism.loaded?.keepOnly(notes.map(({ jail }) => jail));
    } catch (error) {
      await this.#tell(undefined, error);
    }
    for (const note of notes) this.#goOn(note);
    this.#timer = setInterval(() => void this.poll(), interval);
    await this.profiles
      .sweep((jail) => this.#actions.isInstalled(jail))
      .catch((error: unknown) => this.#tell(undefined, error));
  }

  /** What is in force for a run. */
  of(run: string): ObservedState {
    const note = this.#notes.get(run);
    if (note === undefined)
      return { mode: 'off', fault: 'it was started by an agent that did not observe it' };
    return { mode: note.mode, ...(note.fault === undefined ? {} : { fault: note.fault }) };
  }

  /** Gives the figures of processes of a run. */
  figuresOf(run: string): (pid: number) => ObservedFigures | undefined {
    const note = this.#notes.get(run);
    const counters = this.#mechanism.loaded;
    if (note === undefined || counters === undefined || note.jail === 0) return () => undefined;
    const counted = countedIn(note);
    return (pid) => {
      const figures = counters.figures(pid);
      return figures === undefined ? undefined : observedFigures(figures, counted);
    };
  }

  /** What all processes of a run have done so far, those that have ended too; undefined when it is not observed. */
  figuresOfRun(run: string): ObservedFigures | undefined {
    const note = this.#notes.get(run);
    const counters = this.#mechanism.loaded;
    if (note === undefined || counters === undefined || note.jail === 0) return undefined;
    // gone as soon as a run has ended, before its note is: what samples all runs must not fail for one
    const entry = counters.find(note.jail);
    return entry === undefined ? undefined : observedFigures(entry.figures, countedIn(note));
  }

  /** What the observed jails have done so far in this run, by name. */
  async totals(): Promise<Map<string, JailTotals>> {
    const counters = this.#mechanism.loaded;
    if (counters === undefined) return new Map();
    const notes = [...this.#notes.values()].filter(({ jail }) => jail !== 0);
    const totals = await readTotals(
      counters,
      notes.map(({ jail }) => jail),
    );
    return new Map(
      notes.flatMap(({ name, jail }) => {
        const of = totals.get(jail);
        return of === undefined ? [] : [[name, of] as const];
      }),
    );
  }

  /** What was counted so far of a run that goes on; undefined when it is not observed. */
  async current(run: string): Promise<Profile | undefined> {
    const note = this.#notes.get(run);
    const counters = this.#mechanism.loaded;
    if (note === undefined || counters === undefined || note.jail === 0 || !note.confined) return undefined;
    const profile = await profileOf(counters, note);
    return profile.programs.length === 0 ? undefined : profile;
  }

  /**
   * Decides how a start is to be observed.
   *
   * @throws ProdngError POLICY when a policy that is for it, or may be, is refused on this host
   */
  async plan(name: string, wanted: ObserveMode | undefined): Promise<ObservationPlan> {
    const rules = await this.policies.rules(name);
    return { rules, ...(wanted === undefined ? {} : { wanted }) };
  }

  /** Begins the observation of a start, and meanwhile loads what it takes. */
  starting(name: string, prepared: PreparedJail, plan: ObservationPlan): StartObserver {
    const { rules } = plan;
    const choosing = this.#modeOf(name, prepared, plan);
    const counting = choosing.then(({ mode }) => this.#countersFor(mode, rules));
    // it is awaited once the jail is made, which may come later or never
    counting.catch(() => {});
    let note: Note | undefined;
    return {
      created: async (record) => {
        const { mode, until } = await choosing;
        note = noteOf(name, record, mode, rules);
        if (note === undefined) {
          if (rules.length > 0) throw notInForce(name, new Error('its first process is not known'));
          return;
        }
        this.#notes.set(note.id, note);
        try {
          const counters = await counting;
          if (counters !== undefined && mode !== 'off') {
            note.jail = counters.watch(note.pid, mode);
            counters.setRules(note.jail, kernelRules(rules));
            note.subject = recordSubject(prepared);
            if (until !== undefined) note.until = until;
          }
          this.#keep(note);
        } catch (error) {
          await this.#failed(note, error);
          if (rules.length > 0) throw notInForce(name, error);
        }
      },
      confined: (pid) => {
        if (note === undefined || note.jail === 0) return;
        note.confined = this.#mechanism.loaded?.confine(pid, note.jail) === true;
        if (note.confined) return this.#keep(note);
        const error = new Error('the execve(2) of the service was not seen');
        void this.#failed(note, error);
        if (rules.length > 0) throw notInForce(name, error);
      },
    };
  }

  /** What policies have met with since this agent began. */
  get violations(): ReadonlyMap<string, ViolationCount> {
    return this.#reactor.counts;
  }

  /** Reads what has ended, keeps its profile, and ends what has lasted long enough. */
  poll(): Promise<void> {
    return this.#polling.run(async () => {
      for (const note of Array.from(this.#notes.values()))
        try {
          await this.#pollRun(note);
        } catch (error) {
          await this.#tell(note.name, error);
        }
    });
  }

  /** A jail is being removed, and does not run: nothing of it is kept. */
  async removed(jail: string): Promise<void> {
    await this.poll();
    await this.profiles.remove(jail);
  }

  /** Lets go of everything: what is observed goes on being counted, and when that is nothing, the counters are removed. */
  async close(): Promise<void> {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    await this.poll();
    const isObserved = [...this.#notes.values()].some(({ jail }) => jail !== 0);
    if (isObserved) this.#mechanism.release();
    else this.#mechanism.remove();
  }

  async #modeOf(
    name: string,
    { record }: PreparedJail,
    { wanted, rules }: ObservationPlan,
  ): Promise<{ mode: ObserveMode; until?: string }> {
    const { mode, recordNew } = this.#options;
    // a policy acts on what is counted
    if (rules.length > 0 && (wanted ?? mode) === 'off') return { mode: 'base' };
    if (wanted !== undefined || mode !== 'base' || recordNew === 0) return { mode: wanted ?? mode };
    // the run that is replaced may have ended just now
    await this.poll();
    const known = await this.profiles.list(name);
    if (known.some((entry) => entry.sha256 === record.sha256 && entry.mode === 'record')) return { mode };
    return { mode: 'record', until: new Date(Date.now() + recordNew * 60_000).toISOString() };
  }

  async #countersFor(mode: ObserveMode, rules: readonly ActingRule[]): Promise<Counters | undefined> {
    if (mode === 'off') return undefined;
    return mode === 'record' || needsCalls(rules) ? this.#mechanism.recording() : this.#mechanism.counters();
  }

  #goOn(note: Note): void {
    this.#notes.set(note.id, note);
    // what has ended is still counted: the next poll keeps it
    if (note.jail === 0 || startTimeOf(note.pid) !== note.startTime) return;
    try {
      if (note.mode !== 'off' && this.#adopts(note, note.mode)) return;
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return;
    }
    const reason = 'its counters ended with an earlier agent; restart the jail';
    if (note.rules.length > 0) void this.#events.append('policy-failed', note.name, { reason });
    void this.#failed(note, new Error(reason));
  }

  #adopts({ pid, jail, rules }: Note, mode: 'base' | 'record'): boolean {
    return this.#mechanism.loaded?.adopt(pid, jail, mode, kernelRules(rules)) === true;
  }

  async #pollRun(note: Note): Promise<void> {
    const counters = this.#mechanism.loaded;
    if (counters !== undefined && note.rules.length > 0 && note.jail !== 0) await this.#react(note, counters);
    if (startTimeOf(note.pid) !== note.startTime) return this.#finish(note, counters);
    if (note.until === undefined || counters === undefined || Date.now() < Date.parse(note.until)) return;
    await this.profiles.add(note.name, `${note.id}-first`, await profileOf(counters, note));
    counters.setMode(note.jail, 'base');
    await counters.forgetRecorded(note.jail);
    note.mode = 'base';
    delete note.until;
    this.#keep(note);
  }

  /** What is not due yet is counted with the next reaction; that a run has ended makes all of it due. */
  async #react(note: Note, counters: Counters, isOver = false): Promise<void> {
    const before = JSON.stringify(note.reported);
    await this.#reactor.react(note, await counters.violations(note.jail), isOver);
    if (JSON.stringify(note.reported) !== before) this.#keep(note);
  }

  async #finish(note: Note, counters: Counters | undefined): Promise<void> {
    if (note.jail !== 0 && counters !== undefined) {
      if (note.rules.length > 0) await this.#react(note, counters, true);
      if (note.confined) await this.#keepProfile(note, counters);
      await counters.forget(note.jail);
    }
    this.#notes.delete(note.id);
    removeNote(this.#paths.observed, note.id);
  }

  /** A full disk loses the profile, and is told. */
  async #keepProfile(note: Note, counters: Counters): Promise<void> {
    try {
      const profile = await profileOf(counters, note);
      if (profile.programs.length > 0 && this.#actions.isInstalled(note.name))
        await this.profiles.add(note.name, note.id, profile);
    } catch (error) {
      await this.#events.append('fault', note.name, { reason: `profile: ${reasonOfFailure(error)}` });
    }
  }

  #keep(note: Note): void {
    writeNote(this.#paths.observed, note);
  }

  /** The jail runs on without observation, and says so. */
  async #failed(note: Note, error: unknown): Promise<void> {
    const { jail } = note;
    Object.assign(note, { mode: 'off', jail: 0, confined: false, fault: reasonOfFailure(error) });
    try {
      this.#keep(note);
      if (jail !== 0) await this.#mechanism.loaded?.forget(jail);
    } catch {
      // a full run folder: it is known for as long as this agent lives
    }
    await this.#tell(note.name, error);
  }

  /** The same fault of many jails is one event. */
  async #tell(jail: string | undefined, error: unknown): Promise<void> {
    const reason = reasonOfFailure(error);
    if (reason === this.#lastFault) return;
    this.#lastFault = reason;
    await this.#events.append('observation-failed', jail, { reason });
  }
}

function noteOf(
  name: string,
  { id, pid, startTime }: RunRecord,
  mode: ObserveMode,
  rules: ActingRule[],
): Note | undefined {
  if (pid === undefined || startTime === undefined) return undefined;
  const run = { id, name, pid, startTime, mode, rules };
  return { format: 1, boot: bootId(), ...run, jail: 0, confined: false, reported: {} };
}

/** What is counted of a run besides what is counted in each mode. */
function countedIn({ mode, rules }: Note): { refusals: boolean; files: boolean } {
  const files = mode === 'record';
  return { refusals: files || needsCalls(rules), files };
}

function needsCalls(rules: readonly ActingRule[]): boolean {
  return rules.some(({ on }) => on === 'syscall-refused');
}

function notInForce(name: string, cause: unknown): ProdngError {
  return new ProdngError(
    'POLICY',
    `${name}: its policies cannot be put in force: ${reasonOfFailure(cause)}`,
    {
      hint: 'prodng policy ls; prodng doctor',
      cause,
    },
  );
}

function profileOf(counters: Counters, { jail, mode, subject, confined }: Note): Promise<Profile> {
  if (subject === undefined || mode === 'off') throw new Error('nothing is counted of it');
  return readProfile(counters, jail, { ...subject, mode, fromStart: confined });
}
