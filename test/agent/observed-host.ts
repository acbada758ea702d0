import { existsSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Profile, profileSchema } from '../../src/observe/profile.ts';
import { truthProgram } from '../observe/recorded.ts';
import { type AgentHost, makeAgentHost } from '../support/agent-host.ts';

/** An agent, and one jail that it observes. */
export interface ObservedHost extends AgentHost {
  /** Writes agent.json. */
  configure(observation: object): Promise<void>;
  /** Installs a jail with a shell script for its service, a volume at /var/lib/box, and truth.c. */
  installed(script: string): Promise<void>;
  profile(): Promise<Profile>;
  /** The jail's volume, on the host. */
  volume(): string;
  /** Removes the jail and ends the agent. @returns what they have left behind */
  end(): Promise<string[]>;
}

export async function makeObservedHost(): Promise<ObservedHost> {
  const host = await makeAgentHost();
  return {
    ...host,
    configure: (observation) =>
      writeFile(join(host.folder, 'etc/agent.json'), JSON.stringify({ observation })),
    async installed(script) {
      const fields =
        `Jail-Command: /bin/sh -c "${script}"\nJail-Network: loopback\nJail-Restart: no\n` +
        'Jail-Filesystem: rw /var/lib/box\n tmp /tmp size=1M\nJail-Environment: TRUTH_FOLDER=/var/lib/box';
      const deb = await host.jail({ fields, programs: { '/bin/truth': truthProgram() } });
      await host.ok('install', deb);
    },
    profile: async () => profileSchema.parse(JSON.parse(await host.ok('audit', 'export', host.name))),
    volume() {
      const folder = join(host.folder, 'state/volumes', host.name);
      const [found = ''] = readdirSync(folder);
      return join(folder, found);
    },
    async end() {
      if (existsSync(join(host.folder, 'run/agent.sock'))) {
        await host.prodng(['rm', '--purge', host.name]);
        await host.endAgent('SIGTERM');
      }
      const left = await host.leftovers();
      await host.remove();
      return left;
    },
  };
}

/** What truth.c did: busybox does things of its own. */
export function byTruth<T extends { program: number }>({ programs }: Profile, entries: readonly T[]): T[] {
  const ids = programs.flatMap(({ id, path, origin }) =>
    path === '/bin/truth' && origin === 'service' ? [id] : [],
  );
  return entries.filter(({ program }) => ids.includes(program));
}

/** Runs a program on a host whose kernel tells nothing of its types. */
export const withoutTypes = [
  'unshare',
  '--mount',
  'sh',
  '-c',
  'mount -t tmpfs none /sys/kernel/btf; exec "$@"',
  'sh',
];
