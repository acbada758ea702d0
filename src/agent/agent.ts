import { mkdir } from 'node:fs/promises';
import type { TreeLimits } from '../archive/extract.ts';
import { ProdngError } from '../error/prodng-error.ts';
import { runFolder } from '../jail/lifecycle/jail-slot.ts';
import type { AgentContext } from './agent-context.ts';
import { EventLog } from './events/event-log.ts';
import { Addresses } from './network/addresses.ts';
import { AgreedVersion } from './packages/consent.ts';
import { Disposal, leftAside } from './packages/disposal.ts';
import { type Admission, setTreesAside, unpackVersion, versionOf } from './packages/installed.ts';
import type { PackageFinder, PackageSource } from './packages/package-source.ts';
import { type AgentPaths, volumesFolder } from './state/agent-paths.ts';
import { assertJailName, packageOf } from './state/jail-name.ts';
import type { Networks } from './state/networks-schema.ts';
import type { RaisePolicy } from './state/overridden.ts';
import { readOverrides } from './state/overrides-file.ts';
import { readRunFiles } from './state/run-file.ts';
import type { JailState } from './state/state-schema.ts';
import { StateStore } from './state/state-store.ts';
import { clearRun } from './supervision/clear-run.ts';
import { Exits } from './supervision/exits.ts';
import { SupervisedJail } from './supervision/supervised-jail.ts';
import { switchVersion } from './supervision/switch-version.ts';
import { WorkQueue } from './supervision/work-queue.ts';

export interface AgentOptions {
  paths: AgentPaths;
  /** Bytes that a jail's log may have. */
  logSize: number;
  /** Versions of a jail that are kept for `rollback`, the current one among them. */
  keepVersions: number;
  admit: Admission;
  /** What a package's tree may have at most. */
  mostOfTree: TreeLimits;
  raise: RaisePolicy;
  networks: Networks;
  finder: PackageFinder;
}

/** All jails of a host. Every operation is on disk before it begins, so that the next agent ends or undoes it. */
export class Agent {
  readonly jails = new Map<string, SupervisedJail>();
  readonly context: AgentContext;
  readonly options: AgentOptions;
  /** Unpacking and collecting of trees go one by one. */
  readonly trees = new WorkQueue();
  #closed = false;

  constructor(options: AgentOptions) {
    const { paths, logSize, raise, networks } = options;
    this.options = options;
    const events = new EventLog(paths.events);
    this.context = {
      paths,
      logSize,
      raise,
      store: new StateStore(paths.jails),
      events,
      disposal: new Disposal(events),
      exits: new Exits(paths.exits),
      addresses: new Addresses(networks, paths, () => this.jails.values()),
      closed: () => this.#closed,
    };
  }

  /** Reads the state, takes over what runs, clears away what was left half done, and starts what should run. */
  async open(): Promise<void> {
    const { paths, store, events, exits } = this.context;
    for (const folder of [paths.runs, paths.exits, paths.logs, paths.jail.cache, runFolder(paths.jail)])
      await mkdir(folder, { recursive: true, mode: 0o700 });
    await events.open();
    exits.open();
    const { states, damaged } = await store.load();
    await events.append('agent-started', undefined, { pid: process.pid, jails: states.length });
    for (const { name, movedTo, why } of damaged)
      await events.append('state-damaged', name, { movedTo, reason: why.slice(0, 300) });
    for (const state of states) this.jails.set(state.name, new SupervisedJail(state, this.context));
    const runs = readRunFiles(paths.runs);
    for (const run of runs) if (!this.jails.has(run.record.name)) await clearRun(run, paths, exits);
    const inOrder = await this.#bootOrder();
    for (const jail of inOrder) await jail.takeOver(runs.filter(({ record }) => record.name === jail.name));
    for (const jail of inOrder) if (jail.state.removing !== undefined) await this.#remove(jail);
    // however much there is to remove, the agent answers now
    void this.collect(await leftAside(volumesFolder(paths))).catch((error: unknown) =>
      events.append('fault', undefined, { reason: String(error).slice(0, 500) }),
    );
  }

  /** @throws ProdngError JAIL_UNKNOWN */
  jail(name: string): SupervisedJail {
    const jail = this.jails.get(name);
    if (jail !== undefined) return jail;
    throw new ProdngError('JAIL_UNKNOWN', `no jail named ${name} is installed`, {
      hint: 'see which are: prodng ls',
    });
  }

  /**
   * Installs a jail: its tree is unpacked, and then one file makes it known.
   *
   * @param name another name than the package's: that of an instance
   * @throws ProdngError JAIL_STATE when there is one of that name, and what finding and unpackVersion throw
   */
  async install(source: PackageSource, name?: string): Promise<SupervisedJail> {
    if (name !== undefined) assertJailName(name);
    const found = await this.options.finder.find(source);
    try {
      return await this.#install(found.deb, name ?? found.package);
    } finally {
      await found.done();
    }
  }

  async #install(deb: string, name: string | undefined): Promise<SupervisedJail> {
    const { admit, mostOfTree, paths } = this.options;
    const jail = await this.trees.run(async () => {
      const unpacked = await unpackVersion(deb, paths, admit, mostOfTree);
      const asked = name ?? unpacked.name;
      assertJailName(asked);
      if (packageOf(asked) !== unpacked.name)
        throw new ProdngError('USAGE', `${asked}: ${deb} is the package ${unpacked.name}`, {
          hint: `name it ${unpacked.name}, or an instance of it such as ${unpacked.name}@2`,
        });
      const known = this.jails.get(asked);
      if (known !== undefined)
        throw new ProdngError('JAIL_STATE', `${asked} is installed already`, {
          hint: `to go to another version: prodng upgrade ${asked} FILE`,
        });
      const state: JailState = {
        format: 1,
        name: asked,
        desired: 'stopped',
        current: unpacked.installed.sha256,
        versions: [unpacked.installed],
        restarts: 0,
        created: new Date().toISOString(),
      };
      await this.context.store.save(state);
      const made = new SupervisedJail(state, this.context);
      this.jails.set(asked, made);
      return made;
    });
    const { version, sha256 } = jail.state.versions[0] ?? { version: '', sha256: '' };
    await this.context.events.append('installed', jail.name, { version, sha256 });
    return jail;
  }

  /**
   * Takes a jail to another version of its package. The new tree is unpacked and judged beside the old.
   *
   * @param accept that the new version declares more than the old one
   * @throws ProdngError CONSENT when it does and nobody has agreed, JAIL_UNHEALTHY when the old one goes on
   */
  async upgrade(name: string, source: PackageSource, options: UpgradeOptions): Promise<SupervisedJail> {
    const jail = this.jail(name);
    const found = await this.options.finder.find(source, versionOf(jail.state).version);
    try {
      return await this.#upgrade(jail, found.deb, options);
    } finally {
      await found.done();
    }
  }

  async #upgrade(
    jail: SupervisedJail,
    deb: string,
    { accept, patience }: UpgradeOptions,
  ): Promise<SupervisedJail> {
    const { name } = jail;
    const { admit, mostOfTree, paths } = this.options;
    const known = new Set(jail.state.versions.map(({ sha256 }) => sha256));
    const to = await this.trees.run(async () => {
      const unpacked = await unpackVersion(deb, paths, admit, mostOfTree);
      if (unpacked.name !== packageOf(name))
        throw new ProdngError('USAGE', `${deb} is the package ${unpacked.name}, and ${name} is none of it`);
      const { installed } = unpacked;
      const agreed = AgreedVersion.ask(jail, installed, accept);
      await jail.queue.run(async () => {
        const versions = jail.state.versions.filter(({ sha256 }) => sha256 !== installed.sha256);
        await jail.change({ versions: [...versions, installed] });
      });
      return agreed;
    });
    return this.#switch(jail, to, 'upgrade', patience, known.has(to.sha256));
  }

  /**
   * Takes a jail back to the version that it had before.
   *
   * @throws ProdngError JAIL_STATE when there is none, JAIL_UNHEALTHY when the present one goes on
   */
  async rollback(name: string, patience: number): Promise<SupervisedJail> {
    const jail = this.jail(name);
    const previous = AgreedVersion.previous(jail);
    if (previous === undefined)
      throw new ProdngError('JAIL_STATE', `${name}: there is no earlier version of it`, {
        hint: `see what is kept: prodng inspect ${name}`,
      });
    return this.#switch(jail, previous, 'rollback', patience, true);
  }

  async #switch(
    jail: SupervisedJail,
    to: AgreedVersion,
    kind: 'upgrade' | 'rollback',
    patience: number,
    keep: boolean,
  ): Promise<SupervisedJail> {
    try {
      await jail.queue.run(async () => {
        if (jail.state.current === to.sha256) return;
        try {
          await switchVersion(jail, to, kind, patience, this.context);
        } catch (error) {
          if (!keep)
            await jail.change({ versions: jail.state.versions.filter(({ sha256 }) => sha256 !== to.sha256) });
          throw error;
        }
        await jail.change({ versions: keptVersions(jail.state, this.options.keepVersions) });
      });
    } finally {
      await this.collect();
    }
    return jail;
  }

  /** Stops a jail and removes it; its volumes only when told to. */
  async remove(name: string, purge: boolean): Promise<void> {
    const jail = this.jail(name);
    await jail.queue.run(() => jail.change({ removing: { purge }, desired: 'stopped' }));
    await this.#remove(jail);
    await this.collect();
  }

  /** Lets go of everything: the jails go on. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const jail of this.jails.values()) jail.release();
    this.context.exits.close();
    await this.context.events.append('agent-stopped');
    await this.context.events.close();
  }

  /**
   * Removes the trees that no jail needs any more.
   *
   * @param more what else was set aside
   */
  async collect(more: readonly string[] = []): Promise<void> {
    const states = () => [...this.jails.values()].map(({ state }) => state);
    const aside = await this.trees.run(() => setTreesAside(this.context.paths, states()));
    await this.context.disposal.remove([...aside, ...more]);
  }

  /** By the operator's order, then by name. */
  async #bootOrder(): Promise<SupervisedJail[]> {
    const order = async (jail: SupervisedJail) => {
      // an override that cannot be read keeps its jail from starting, and says so then
      const overrides = await readOverrides(jail.name, this.context.paths).catch(() => undefined);
      return { jail, order: overrides?.order ?? 500 };
    };
    const ordered = await Promise.all([...this.jails.values()].map(order));
    return ordered
      .toSorted((a, b) => a.order - b.order || compare(a.jail.name, b.jail.name))
      .map(({ jail }) => jail);
  }

  async #remove(jail: SupervisedJail): Promise<void> {
    await jail.queue.run(async () => {
      const { removing } = jail.state;
      if (removing === undefined || !this.jails.has(jail.name)) return;
      await jail.end('stopped');
      await jail.removeFiles(removing.purge);
      await this.context.store.remove(jail.name);
      this.jails.delete(jail.name);
      await this.context.events.append('removed', jail.name, { purge: removing.purge });
    });
  }
}

export interface UpgradeOptions {
  accept: boolean;
  /** How long the new version may take to prove healthy, ms. */
  patience: number;
}

/** The current version, the one before it, and the newest of the others: so many in all. */
function keptVersions({ versions, current, previous }: JailState, count: number): JailState['versions'] {
  const needed = new Set([current, ...(previous === undefined ? [] : [previous])]);
  const others = versions.map(({ sha256 }) => sha256).filter((sha256) => !needed.has(sha256));
  const kept = new Set([...needed, ...others.slice(Math.max(0, others.length - (count - needed.size)))]);
  return versions.filter(({ sha256 }) => kept.has(sha256));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : 1;
}
