import type { ActingRule } from '../../policy/combine.ts';
import type { HostPolicy } from '../../policy/policy.ts';
import { policyChanges } from '../../policy/policy-changes.ts';
import type { EventLog } from '../events/event-log.ts';
import type { AgentPaths } from '../state/agent-paths.ts';
import { WorkQueue } from '../supervision/work-queue.ts';
import { KnownPolicies } from './known-policies.ts';
import {
  faultText,
  type PolicyEntry,
  type PolicyFile,
  policiesFor,
  policyEntry,
  readPolicies,
  rulesFor,
  whyRefused,
} from './policies.ts';
import type { PolicySignatures } from './policy-signature.ts';

/** The policies of the host. They are read at each start: what lies in policies.d then is what is in force. */
export class HostPolicies {
  readonly #config: string;
  readonly #events: EventLog;
  readonly #canCount: () => Promise<boolean>;
  readonly #known: KnownPolicies;
  readonly #signatures: PolicySignatures;
  /** Digests of files as they were told, with why they are refused. */
  readonly #told = new Map<string, string>();
  readonly #telling = new WorkQueue();

  constructor(
    { config, policies }: Pick<AgentPaths, 'config' | 'policies'>,
    events: EventLog,
    canCount: () => Promise<boolean>,
    signatures: PolicySignatures,
  ) {
    this.#signatures = signatures;
    this.#config = config;
    this.#known = new KnownPolicies(policies);
    this.#events = events;
    this.#canCount = canCount;
  }

  /** Tells in the events which policies there are, which are refused, and which have changed. */
  async load(): Promise<void> {
    const files = await readPolicies(this.#config, this.#signatures);
    const bpf = files.length > 0 && (await this.#canCount());
    await this.#tell(files, bpf);
  }

  /**
   * What is in force for a jail that is about to be started.
   *
   * @throws ProdngError POLICY when a policy that is for it, or may be, is refused on this host
   */
  async rules(jail: string): Promise<ActingRule[]> {
    const all = await readPolicies(this.#config, this.#signatures);
    const files = policiesFor(jail, all);
    const bpf = all.length > 0 && (await this.#canCount());
    await this.#tell(all, bpf);
    return rulesFor(jail, files, bpf);
  }

  async list(): Promise<PolicyEntry[]> {
    const files = await readPolicies(this.#config, this.#signatures);
    const bpf = files.length > 0 && (await this.#canCount());
    return files.map((file) => policyEntry(file, bpf));
  }

  /** Of each policy that is new, has changed or is gone since it was read last. */
  #tell(files: readonly PolicyFile[], bpf: boolean): Promise<void> {
    return this.#telling.run(() => this.#tellAll(files, bpf));
  }

  async #tellAll(files: readonly PolicyFile[], bpf: boolean): Promise<void> {
    const known = await this.#known.all();
    let isChanged = await this.#tellRemoved(known, files);
    for (const one of files) {
      const { file, sha256, policy } = one;
      const state = `${sha256} ${whyRefused(one, bpf)?.message ?? ''}`;
      if (this.#told.get(file) === state) continue;
      this.#told.set(file, state);
      if (policy !== undefined) {
        await this.#tellChanged(one, known.get(file));
        known.set(file, policy);
        isChanged = true;
      }
      await this.#tellState(one, bpf);
    }
    if (isChanged) await this.#known.keep();
  }

  async #tellRemoved(known: Map<string, HostPolicy>, files: readonly PolicyFile[]): Promise<boolean> {
    const gone = [...known].filter(([path]) => !files.some(({ file }) => file === path));
    for (const [file, { name, jails }] of gone) {
      known.delete(file);
      this.#told.delete(file);
      const detail = { file, policy: name, jails: jails.join(' ').slice(0, 500) };
      await this.#events.append('policy-removed', undefined, detail);
    }
    return gone.length > 0;
  }

  async #tellChanged({ file, sha256, policy }: PolicyFile, before: HostPolicy | undefined): Promise<void> {
    if (policy === undefined || before === undefined) return;
    const changes = policyChanges(before, policy);
    if (changes.length === 0) return;
    const weaker = changes.filter((change) => change.weaker);
    const texts = [...weaker, ...changes.filter((change) => !change.weaker)].map(({ text }) => text);
    await this.#events.append('policy-changed', undefined, {
      file,
      sha256,
      policy: policy.name,
      weaker: weaker.length,
      changes: texts.join('; ').slice(0, 1000),
    });
  }

  async #tellState(one: PolicyFile, bpf: boolean): Promise<void> {
    const { file, sha256, policy } = one;
    const refusal = whyRefused(one, bpf);
    const about = policy === undefined ? {} : { policy: policy.name, mode: policy.mode };
    if (refusal === undefined)
      await this.#events.append('policy-loaded', undefined, {
        file,
        sha256,
        ...about,
        rules: policy?.rules.length ?? 0,
      });
    else
      await this.#events.append('policy-refused', undefined, {
        file,
        sha256,
        ...about,
        reason: faultText(refusal).slice(0, 500),
      });
  }
}
