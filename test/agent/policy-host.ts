import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeObservedHost, type ObservedHost } from './observed-host.ts';

/** An agent with a policy, and a jail that violates it when it is told to. */
export interface PolicyHost extends ObservedHost {
  policyFile: string;
  setPolicy(on: string, action: string, mode?: string, more?: string): Promise<void>;
  /** Installs a service that waits for a file, violates, and counts in another file what it does afterwards. */
  violator(): Promise<void>;
  /** Makes that file. */
  go(): Promise<void>;
  iterationsAfter(): bigint;
  /** The details of all events of a kind. */
  events(kind: string): Promise<Record<string, unknown>[]>;
  state(): Promise<unknown>;
}

export async function makePolicyHost(): Promise<PolicyHost> {
  const host = await makeObservedHost();
  await mkdir(join(host.folder, 'etc/policies.d'));
  const policyFile = join(host.folder, 'etc/policies.d/test.policy');
  return {
    ...host,
    policyFile,
    setPolicy: (on, action, mode = 'enforce', more = '') =>
      writeFile(
        policyFile,
        `Policy: test\nJails: box*\nMode: ${mode}\n\nOn: ${on}\nAction: ${action}\n${more}`,
      ),
    violator: () =>
      host.installed(
        'while ! [ -e /var/lib/box/go ]; do sleep 0.1; done; exec /bin/truth violate call first',
      ),
    go: () => writeFile(join(host.volume(), 'go'), ''),
    iterationsAfter: () => readFileSync(join(host.volume(), 'after')).readBigInt64LE(),
    async events(kind) {
      const { body } = await host.api('GET', '/v1/events?tail=200');
      const all = JSON.parse(body) as { kind: string; detail?: Record<string, unknown> }[];
      return all.flatMap((event) => (event.kind === kind ? [event.detail ?? {}] : []));
    },
    state: async () => (await host.summary())?.state,
  };
}
