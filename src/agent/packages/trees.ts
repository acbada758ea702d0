import type { TreeLimits } from '../../archive/extract.ts';
import type { AgentPaths } from '../state/agent-paths.ts';
import type { InstalledVersion, JailState } from '../state/state-schema.ts';
import { WorkQueue } from '../supervision/work-queue.ts';
import { type InstallPolicy, setTreesAside, unpackVersion } from './installed.ts';

/** A tree that was unpacked and belongs to no jail yet. */
export interface UnpackedTree {
  /** The package's. */
  name: string;
  installed: InstalledVersion;
  /** To be called when a jail has it among its versions, or none will: it may be collected then. */
  release(): void;
}

/**
 * The unpacked trees of a host. Unpacking and collecting go one by one, and neither waits for a jail: what was unpacked
 * is kept for as long as the one who asked for it needs.
 */
export class Trees {
  readonly #queue = new WorkQueue();
  readonly #inUse = new Map<string, number>();
  readonly #paths: AgentPaths;
  readonly #admit: InstallPolicy;
  readonly #most: TreeLimits;

  /** @param most what a tree may have */
  constructor(paths: AgentPaths, admit: InstallPolicy, most: TreeLimits) {
    this.#paths = paths;
    this.#admit = admit;
    this.#most = most;
  }

  /** @throws ProdngError what unpackVersion throws */
  unpack(deb: string): Promise<UnpackedTree> {
    return this.#queue.run(async () => {
      const unpacked = await unpackVersion(deb, this.#paths, this.#admit, this.#most);
      const { sha256 } = unpacked.installed;
      this.#count(sha256, 1);
      return { ...unpacked, release: () => this.#count(sha256, -1) };
    });
  }

  /**
   * Sets aside the trees that no jail has and that no operation is about to give to one.
   *
   * @param states asked for when it is its turn
   * @returns their paths; they are to be removed
   */
  setAside(states: () => Iterable<JailState>): Promise<string[]> {
    return this.#queue.run(() => setTreesAside(this.#paths, states(), new Set(this.#inUse.keys())));
  }

  #count(sha256: string, change: number): void {
    const count = (this.#inUse.get(sha256) ?? 0) + change;
    if (count > 0) this.#inUse.set(sha256, count);
    else this.#inUse.delete(sha256);
  }
}
