import type { ActingRule } from '../../policy/combine.ts';
import type { EventLog } from '../events/event-log.ts';
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

/** The policies of the host. They are read at each start: what lies in policies.d then is what is in force. */
export class HostPolicies {
  readonly #config: string;
  readonly #events: EventLog;
  readonly #canCount: () => Promise<boolean>;
  /** Digests of files, as they were told. */
  readonly #told = new Map<string, string>();

  /** @param config the operator's folder */
  constructor(config: string, events: EventLog, canCount: () => Promise<boolean>) {
    this.#config = config;
    this.#events = events;
    this.#canCount = canCount;
  }

  /** Tells in the events which policies there are, and which are refused. */
  async load(): Promise<void> {
    const files = readPolicies(this.#config);
    const bpf = files.length > 0 && (await this.#canCount());
    await this.#tell(files, bpf);
  }

  /**
   * What is in force for a jail that is about to be started.
   *
   * @throws ProdngError POLICY when a policy that is for it, or may be, is refused on this host
   */
  async rules(jail: string): Promise<ActingRule[]> {
    const files = policiesFor(jail, readPolicies(this.#config));
    if (files.length === 0) return [];
    const bpf = await this.#canCount();
    await this.#tell(files, bpf);
    return rulesFor(jail, files, bpf);
  }

  async list(): Promise<PolicyEntry[]> {
    const files = readPolicies(this.#config);
    const bpf = files.length > 0 && (await this.#canCount());
    return files.map((file) => policyEntry(file, bpf));
  }

  /** Of each policy that is new or has changed since this agent read it. */
  async #tell(files: readonly PolicyFile[], bpf: boolean): Promise<void> {
    for (const one of files) {
      const { file, sha256, policy } = one;
      if (this.#told.get(file) === sha256) continue;
      this.#told.set(file, sha256);
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
}
