import type { Command } from 'commander';

/** A command of the CLI. Its module is loaded only when the command is used. */
export interface CommandEntry {
  name: string;
  summary: string;
  /** What users of other tools type. */
  aliases?: readonly string[];
  /** It asks an agent, which may be that of another host. */
  remote?: true;
  load: () => Promise<{ register: (program: Command) => void }>;
}

/** In the order in which `prodng --help` lists them. */
export const commands: readonly CommandEntry[] = [
  { name: 'new', summary: 'create a jail source from a template', load: () => import('./verbs/new.ts') },
  {
    name: 'templates',
    summary: 'list templates and their variables',
    load: () => import('./verbs/templates.ts'),
  },
  {
    name: 'lock',
    summary: 'pin every input of a jail source in debian/jail.lock',
    load: () => import('./verbs/lock.ts'),
  },
  {
    name: 'build',
    summary: 'build a source into its .deb, in a throwaway jail',
    load: () => import('./verbs/build.ts'),
  },
  {
    name: 'vendor',
    summary: 'copy all inputs of a build into a folder',
    load: () => import('./verbs/vendor.ts'),
  },
  { name: 'lint', summary: 'check jail sources and .debs', load: () => import('./verbs/lint.ts') },
  { name: 'run', summary: 'run a jail in the foreground, as root', load: () => import('./verbs/run.ts') },
  {
    name: 'audit',
    summary: 'compare what jails declare with what they did',
    load: () => import('./verbs/audit.ts'),
  },
  {
    name: 'policy',
    summary: 'check policies, and try them on recorded runs',
    load: () => import('./verbs/policy.ts'),
  },
  { name: 'diff', summary: 'compare two jail .debs', load: () => import('./verbs/diff.ts') },
  {
    name: 'verify',
    summary: 'verify a .deb, optionally by rebuilding it',
    load: () => import('./verbs/verify.ts'),
  },
  { name: 'sign', summary: 'sign a .deb, .changes or .buildinfo', load: () => import('./verbs/sign.ts') },
  {
    name: 'strip-signature',
    summary: 'remove the signatures from a .deb',
    load: () => import('./verbs/strip-signature.ts'),
  },
  {
    name: 'key',
    summary: 'create and manage signing keys',
    load: () => import('./verbs/key.ts'),
  },
  {
    name: 'publish',
    summary: 'publish .debs in a signed APT archive',
    load: () => import('./verbs/publish.ts'),
  },
  { name: 'export', summary: 'export jails for another engine', load: () => import('./verbs/export.ts') },
  {
    name: 'image',
    summary: 'make and check the base image of hosts',
    load: () => import('./verbs/image.ts'),
  },
  {
    name: 'host',
    remote: true,
    summary: 'show and update the base image of this host',
    load: () => import('./verbs/host.ts'),
  },
  {
    name: 'agent',
    summary: 'run the agent of this host in the foreground, as root',
    load: () => import('./verbs/agent.ts'),
  },
  {
    name: 'install',
    remote: true,
    summary: 'install a jail and start it',
    load: () => import('./verbs/install.ts'),
  },
  {
    name: 'ls',
    remote: true,
    aliases: ['list'],
    summary: 'list installed jails',
    load: () => import('./verbs/ls.ts'),
  },
  {
    name: 'inspect',
    remote: true,
    summary: 'show the full state of a jail as JSON',
    load: () => import('./verbs/inspect.ts'),
  },
  {
    name: 'status',
    remote: true,
    summary: 'show the state of jails and the end of their logs',
    load: () => import('./verbs/status.ts'),
  },
  {
    name: 'wait',
    remote: true,
    summary: 'wait until jails are in a state',
    load: () => import('./verbs/wait.ts'),
  },
  { name: 'start', remote: true, summary: 'start jails', load: () => import('./verbs/start.ts') },
  { name: 'stop', remote: true, summary: 'stop jails', load: () => import('./verbs/stop.ts') },
  {
    name: 'restart',
    remote: true,
    summary: 'restart jails',
    load: async () => (await import('./verbs/jail-verb.ts')).restart,
  },
  {
    name: 'enable',
    remote: true,
    summary: 'start jails when the host boots',
    load: async () => (await import('./verbs/override-verb.ts')).enable,
  },
  {
    name: 'disable',
    remote: true,
    summary: 'do not start jails when the host boots',
    load: async () => (await import('./verbs/override-verb.ts')).disable,
  },
  { name: 'kill', remote: true, summary: 'send a signal to jails', load: () => import('./verbs/kill.ts') },
  {
    name: 'freeze',
    remote: true,
    summary: 'suspend jails (cgroup freezer)',
    load: async () => (await import('./verbs/jail-verb.ts')).freeze,
  },
  {
    name: 'thaw',
    remote: true,
    summary: 'resume frozen jails',
    load: async () => (await import('./verbs/jail-verb.ts')).thaw,
  },
  {
    name: 'exec',
    remote: true,
    summary: 'run a program in a running jail',
    load: () => import('./verbs/exec.ts'),
  },
  { name: 'ps', remote: true, summary: 'list the processes of jails', load: () => import('./verbs/ps.ts') },
  {
    name: 'stats',
    remote: true,
    summary: 'show resource use of running jails',
    load: () => import('./verbs/stats.ts'),
  },
  { name: 'top', remote: true, summary: 'show live resource use', load: () => import('./verbs/top.ts') },
  { name: 'logs', remote: true, summary: 'show the output of a jail', load: () => import('./verbs/logs.ts') },
  {
    name: 'events',
    remote: true,
    summary: 'show and verify the event log',
    load: () => import('./verbs/events.ts'),
  },
  { name: 'fsck', summary: "check a jail's tree against its .deb", load: () => import('./verbs/fsck.ts') },
  { name: 'scan', summary: 'match YARA rules with jails and .debs', load: () => import('./verbs/scan.ts') },
  {
    name: 'osquery-extension',
    summary: 'serve tables of jails to osquery',
    load: () => import('./verbs/osquery-extension.ts'),
  },
  {
    name: 'evidence',
    remote: true,
    summary: 'take and check evidence of jails',
    load: () => import('./verbs/evidence.ts'),
  },
  {
    name: 'upgrade',
    remote: true,
    summary: 'upgrade a jail to another version of its package',
    load: () => import('./verbs/upgrade.ts'),
  },
  {
    name: 'rollback',
    remote: true,
    summary: 'return a jail to a version before',
    load: () => import('./verbs/rollback.ts'),
  },
  {
    name: 'hold',
    remote: true,
    summary: 'keep jails at their version',
    load: async () => (await import('./verbs/override-verb.ts')).hold,
  },
  {
    name: 'unhold',
    remote: true,
    summary: 'let jails be upgraded again',
    load: async () => (await import('./verbs/override-verb.ts')).unhold,
  },
  {
    name: 'set',
    remote: true,
    summary: "set a jail's uplink, address or limits",
    load: () => import('./verbs/set.ts'),
  },
  {
    name: 'credential',
    remote: true,
    summary: 'set the credentials of a jail',
    load: () => import('./verbs/credential.ts'),
  },
  {
    name: 'configuration',
    remote: true,
    summary: 'replace configuration files of a jail',
    load: () => import('./verbs/configuration.ts'),
  },
  {
    name: 'rm',
    remote: true,
    aliases: ['remove'],
    summary: 'stop and remove jails',
    load: () => import('./verbs/rm.ts'),
  },
  {
    name: 'doctor',
    summary: 'check what this host can do and what it lacks',
    load: () => import('./verbs/doctor.ts'),
  },
];

/** Called by other programs only; not listed in the help. */
export const internalCommands: readonly Omit<CommandEntry, 'summary'>[] = [
  { name: 'evidence-collect', load: () => import('./verbs/evidence-collect.ts') },
  { name: 'host-start', load: () => import('./verbs/host-start.ts') },
  { name: 'dhcp-event', load: () => import('./verbs/dhcp-event.ts') },
];
