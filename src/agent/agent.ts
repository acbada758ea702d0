import { mkdir } from 'node:fs/promises';
import type { TreeLimits } from '../archive/extract.ts';
import { ProdngError } from '../error/prodng-error.ts';
import { thawAbandoned } from '../evidence/freeze.ts';
import { runFolder } from '../jail/lifecycle/jail-slot.ts';
import type { AgentContext } from './agent-context.ts';
import type { RoleConfig } from './api/client-role.ts';
import { EventLog } from './events/event-log.ts';
import { takeEvidence } from './evidence/take-evidence.ts';
import { settleUnfinishedBundles } from './evidence/unfinished-bundle.ts';
import { History, type HistoryOptions, type SampledJail, sampleOf } from './metrics/history.ts';
import { Addresses } from './network/addresses.ts';
import { Observation, type ObservationOptions } from './observation/observation.ts';
import type { PolicyActions } from './observation/reactor.ts';
import { ConfigurationStore } from './operator/configuration-store.ts';
import { CredentialStore } from './operator/credential-store.ts';
import { Disposal, leftAside } from './packages/disposal.ts';
import type { InstallPolicy } from './packages/installed.ts';
import type { PackageFinder } from './packages/package-source.ts';
import { Trees } from './packages/trees.ts';
import { VolumeRoom } from './packages/volume-room.ts';
import { type AgentPaths, volumesFolder } from './state/agent-paths.ts';
import type { RaisePolicy } from './state/apply-overrides.ts';
import { isFirstOfBoot } from './state/boot-mark.ts';
import type { Networks } from './state/networks-schema.ts';
import { readOverrides } from './state/overrides-file.ts';
import { bootId, isRunning, type NewerRun, type RunFile, readRunFiles } from './state/run-file.ts';
import { StateStore, type UnreadableState } from './state/state-store.ts';
import type { VolumePolicy } from './state/volume-policy.ts';
import { type ActiveRun, assertRun } from './supervision/active-run.ts';
import { Background } from './supervision/background.ts';
import { clearRun } from './supervision/clear-run.ts';
import { Exits } from './supervision/exits.ts';
import { freezeStopped } from './supervision/freeze-stopped.ts';
import type { HeldJail } from './supervision/held-jail.ts';
import { ensureLogKeeper, type LogFile, logPath } from './supervision/log-keeper.ts';
import { removeJail } from './supervision/remove-jail.ts';
import { type Ordered, startInOrder } from './supervision/start-in-order.ts';
import { SupervisedJail } from './supervision/supervised-jail.ts';
import { WorkQueue } from './supervision/work-queue.ts';

export interface AgentOptions {
  paths: AgentPaths;
  /** How much of what jails print is kept. */
  log: Omit<LogFile, 'path'>;
  /** Versions of a jail that are kept for `rollback`, the current one among them. */
  keepVersions: number;
  /** How many jails are started at a time when the agent begins. */
  startsAtOnce: number;
  admit: InstallPolicy;
  /** What a package's tree may have at most. */
  mostOfTree: TreeLimits;
  raise: RaisePolicy;
  volumes: VolumePolicy;
  networks: Networks;
  observation: ObservationOptions;
  history: HistoryOptions;
  finder: PackageFinder;
  /** What clients of the API may do. */
  roles: RoleConfig;
}

/** All jails of a host. Every operation is on disk before it begins, so that the next agent ends or undoes it. */
export class Agent {
  readonly context: AgentContext;
  readonly options: AgentOptions;
  readonly trees: Trees;
  /** Jails are made known one by one: two of a name are never. */
  readonly naming = new WorkQueue();
  readonly #jails = new Map<string, SupervisedJail>();
  readonly #unreadable = new Map<string, UnreadableState>();
  #abandoned: RunFile[] = [];
  /** It is the first agent since the host has booted. */
  #isBoot = false;
  #closed = false;

  constructor(options: AgentOptions) {
    const { paths, log, raise, volumes, networks } = options;
    this.options = options;
    this.trees = new Trees(paths, options.admit, options.mostOfTree);
    const events = new EventLog(paths.events);
    this.context = {
      paths,
      log,
      raise,
      store: new StateStore(paths.jails),
      events,
      disposal: new Disposal(events),
      exits: new Exits(paths.exits),
      volumes: new VolumeRoom(volumes, () => [...this.#jails.values()].map(({ state }) => state)),
      addresses: new Addresses(networks, paths, () => this.#jails.values()),
      operator: {
        credentials: new CredentialStore(paths.credentials),
        configuration: new ConfigurationStore(paths.configuration),
      },
      observation: new Observation(options.observation, paths, events, this.#policyActions(paths, events)),
      history: new History(options.history),
      closed: () => this.#closed,
    };
  }

  get jails(): ReadonlyMap<string, SupervisedJail> {
    return this.#jails;
  }

  /** Names whose state cannot be read: their runs, trees and files are left alone. */
  get unreadable(): ReadonlyMap<string, UnreadableState> {
    return this.#unreadable;
  }

  /**
   * Reads the state, and takes over what runs. It waits for no jail: from then on requests can be answered, each behind
   * what is still to be done with its jail.
   *
   * @throws when a folder cannot be made or read
   */
  async open(): Promise<void> {
    const { paths, store, events, exits } = this.context;
    for (const folder of [paths.runs, paths.exits, paths.logs, paths.jail.cache, runFolder(paths.jail)])
      await mkdir(folder, { recursive: true, mode: 0o700 });
    this.#isBoot = isFirstOfBoot(paths);
    await events.open();
    exits.open();
    await this.#tolerant(undefined, () => settleUnfinishedBundles(paths, events));
    const { states, unreadable, damaged } = await store.load();
    const { runs, newer } = readRunFiles(paths.runs);
    await events.append('agent-started', undefined, { pid: process.pid, jails: states.length });
    for (const { name, file, why } of damaged)
      await events.append('state-damaged', name, { movedTo: file, reason: why.slice(0, 300) });
    for (const run of thawAbandoned(paths.frozen)) await events.append('thawed', undefined, { run });
    for (const one of [...unreadable, ...newer.flatMap(unreadableRun)]) await this.#leaveAlone(one);
    for (const state of states)
      if (this.#unreadable.get(state.name)?.kind !== 'newer')
        this.add(new SupervisedJail(state, this.context));
    for (const { record } of runs.filter(isRunning))
      ensureLogKeeper(record, { ...this.context.log, path: logPath(record.name, paths) });
    await this.context.observation.open();
    await Promise.all([...this.#jails.values()].map((jail) => this.#takeOver(jail, runs)));
    this.context.history.begin(
      () => new Set(this.#jails.keys()),
      () => this.#running(),
    );
    void this.#tolerant(undefined, () => this.context.observation.policies.load());
    this.#abandoned = runs.filter(
      ({ record: { name } }) => !this.#jails.has(name) && !this.#unreadable.has(name),
    );
  }

  /** Does what `open` has left: clears away what was left half done, and starts what should run and does not. */
  async settle(): Promise<void> {
    const { paths, exits } = this.context;
    const abandoned = this.#abandoned.map((run) =>
      this.#tolerant(run.record.name, () => clearRun(run, paths, exits)),
    );
    await Promise.all([
      ...abandoned,
      ...[...this.#jails.values()]
        .filter(({ state }) => state.removing !== undefined)
        .map((jail) => this.#tolerant(jail.name, () => this.#remove(jail))),
    ]);
    await this.#tolerant(undefined, async () => startInOrder(await this.#order(), this.options.startsAtOnce));
    await this.collect(await leftAside(volumesFolder(paths)));
    if (!this.#closed) await this.context.events.append('agent-settled');
  }

  /** @throws ProdngError JAIL_UNKNOWN; JAIL_STATE when its state cannot be read */
  jail(name: string): SupervisedJail {
    const jail = this.#jails.get(name);
    if (jail !== undefined) return jail;
    this.assertReadable(name);
    throw new ProdngError('JAIL_UNKNOWN', `no jail named ${name} is installed`, {
      hint: 'see which are: prodng ls',
    });
  }

  /** @throws ProdngError JAIL_STATE when there is a state of that name that cannot be read */
  assertReadable(name: string): void {
    const found = this.#unreadable.get(name);
    if (found === undefined) return;
    const { kind, file, why } = found;
    if (kind === 'newer')
      throw new ProdngError('JAIL_STATE', `${name}: a later version of prodng has written ${file}: ${why}`, {
        hint: 'it is left alone, and what runs of it runs on; install that version of prodng again',
      });
    throw new ProdngError('JAIL_STATE', `${name}: its state is damaged and was set aside: ${file}`, {
      hint: `what runs of it runs on; put the file right and move it to ${name}.json, or remove it, and restart the agent`,
    });
  }

  /** Makes a jail known, whose state is on disk. */
  add(jail: SupervisedJail): void {
    this.#jails.set(jail.name, jail);
  }

  /** Stops a jail and removes it; its volumes only when told to. */
  async remove(name: string, purge: boolean): Promise<void> {
    const jail = this.jail(name);
    await jail.lockedSoon((held) => held.change({ removing: { purge }, desired: 'stopped' }));
    await this.#remove(jail);
    await this.collect();
  }

  /** Lets go of everything: the jails go on. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const jail of this.#jails.values()) jail.release();
    this.context.exits.close();
    this.context.history.end();
    await this.context.observation.close();
    await this.context.events.append('agent-stopped');
    await this.context.events.close();
  }

  /**
   * Removes the trees that no jail needs any more: none, as long as a state cannot be read that may need some. A
   * failure is told in the events; the next time there is more to collect.
   *
   * @param more what else was set aside
   */
  async collect(more: readonly string[] = []): Promise<void> {
    const states = () => [...this.#jails.values()].map(({ state }) => state);
    await this.#tolerant(undefined, async () => {
      const aside = this.#unreadable.size > 0 ? [] : await this.trees.setAside(states);
      await this.context.disposal.remove([...aside, ...more]);
    });
  }

  #running(): SampledJail[] {
    const { observation } = this.context;
    return [...this.#jails.values()].flatMap(({ run }) => {
      if (run === undefined || !isRunning(run.file)) return [];
      const { record } = run.file;
      return { name: record.name, sample: () => sampleOf(record, observation.figuresOfRun(record.id)) };
    });
  }

  /** What is done to jails for a policy. */
  #policyActions(paths: AgentPaths, events: EventLog): PolicyActions {
    const runOf = (name: string, run: string): ActiveRun => {
      const active = assertRun(this.jail(name));
      if (active.file.record.id === run) return active;
      throw new ProdngError('JAIL_STATE', `${name}: that run has ended`);
    };
    return {
      isInstalled: (name) => this.#jails.has(name),
      freeze: (name, run) =>
        this.jail(name).locked(async () => {
          const active = runOf(name, run);
          if (active.frozen) return;
          await freezeStopped(active.file.record);
          await events.append('frozen', name, { reason: 'policy' });
        }),
      takeEvidence: async (name, run, reason) => {
        const request = { memory: false, secrets: false, reason: reason.slice(0, 1000) };
        const never = new AbortController().signal;
        await takeEvidence({ paths, events }, this.jail(name), request, never, () => runOf(name, run));
      },
    };
  }

  #remove(jail: SupervisedJail): Promise<void> {
    return jail.locked(async (held) => {
      if (await removeJail(held, this.context.events)) this.#jails.delete(held.name);
    });
  }

  async #leaveAlone(unreadable: UnreadableState): Promise<void> {
    const { name, kind, file, why } = unreadable;
    if (this.#unreadable.has(name)) return;
    this.#unreadable.set(name, unreadable);
    if (kind === 'newer')
      await this.context.events.append('state-newer', name, { file, reason: why.slice(0, 300) });
  }

  /** @returns when it has been taken over; the rest goes on with the jail held, before any request for it */
  #takeOver(jail: SupervisedJail, runs: readonly RunFile[]): Promise<void> {
    const { paths, exits } = this.context;
    return new Promise((resolve) => {
      const held = jail.locked(async (one) => {
        if (this.#isBoot) await this.#applyBoot(one, runs).catch(() => {});
        const others = one.takeOver(runs.filter(({ record }) => record.name === jail.name));
        resolve();
        // an upgrade that was not finished never happened
        if (one.state.switching !== undefined) await one.change({}, 'switching').catch(() => {});
        for (const run of others) await clearRun(run, paths, exits);
      });
      void this.#tolerant(jail.name, () => held).then(resolve);
    });
  }

  /** What enable and disable have set decides at a boot whether a jail runs, whatever it did before. */
  async #applyBoot(held: HeldJail, runs: readonly RunFile[]): Promise<void> {
    const { boot } = await readOverrides(held.name, this.context.paths);
    if (boot === undefined || held.state.removing !== undefined) return;
    // an agent of an earlier version has left no mark of this boot
    if (runs.some(({ record, boot: of }) => record.name === held.name && of === bootId())) return;
    const desired = boot ? 'running' : 'stopped';
    if (held.state.desired !== desired) await held.change({ desired });
  }

  /** By the operator's order. */
  #order(): Promise<Ordered[]> {
    const order = async (jail: SupervisedJail): Promise<Ordered> => {
      // an override that cannot be read keeps its jail from starting, and says so then
      const overrides = await readOverrides(jail.name, this.context.paths).catch(() => undefined);
      return { jail, order: overrides?.order ?? 500 };
    };
    return Promise.all([...this.#jails.values()].map(order));
  }

  /** Does what no request waits for: a failure is told, and keeps nothing else from being done. */
  #tolerant(jail: string | undefined, work: () => Promise<unknown>): Promise<void> {
    return new Background(this.context.events, jail).run(work);
  }
}

function unreadableRun({ name, file, why }: NewerRun): UnreadableState[] {
  return name === undefined ? [] : [{ name, kind: 'newer', file, why }];
}
