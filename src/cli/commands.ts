import type { Command } from 'commander';

/** A command of the CLI, as it stands in the list. Its own module is loaded when somebody asks for it. */
export interface CommandEntry {
  name: string;
  summary: string;
  load: () => Promise<{ register: (program: Command) => void }>;
}

/** In the order in which somebody needs them. */
export const commands: readonly CommandEntry[] = [
  { name: 'new', summary: 'make a jail source from a template', load: () => import('./verbs/new.ts') },
  {
    name: 'templates',
    summary: 'list the templates and their variables',
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
    summary: 'copy every input of a build to a folder',
    load: () => import('./verbs/vendor.ts'),
  },
  { name: 'lint', summary: 'judge jail sources and .debs', load: () => import('./verbs/lint.ts') },
  { name: 'run', summary: 'run a jail in the foreground, as root', load: () => import('./verbs/run.ts') },
  { name: 'diff', summary: 'say what differs between two jails', load: () => import('./verbs/diff.ts') },
  {
    name: 'verify',
    summary: 'check a .deb, also by rebuilding it',
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
    summary: 'make, list, export and import signing keys',
    load: () => import('./verbs/key.ts'),
  },
  { name: 'agent', summary: 'run the agent of this host, as root', load: () => import('./verbs/agent.ts') },
  { name: 'install', summary: 'install a jail, and start it', load: () => import('./verbs/install.ts') },
  { name: 'ls', summary: 'list the installed jails', load: () => import('./verbs/ls.ts') },
  { name: 'inspect', summary: 'show all that is known of a jail', load: () => import('./verbs/inspect.ts') },
  { name: 'start', summary: 'start jails', load: () => import('./verbs/start.ts') },
  { name: 'stop', summary: 'stop jails as they declare', load: () => import('./verbs/stop.ts') },
  { name: 'restart', summary: 'stop and start jails', load: () => import('./verbs/restart.ts') },
  { name: 'kill', summary: 'send a signal to jails', load: () => import('./verbs/kill.ts') },
  { name: 'freeze', summary: 'give the processes of jails no time', load: () => import('./verbs/freeze.ts') },
  { name: 'thaw', summary: 'let frozen jails go on', load: () => import('./verbs/thaw.ts') },
  { name: 'exec', summary: 'run a program in a running jail', load: () => import('./verbs/exec.ts') },
  { name: 'ps', summary: 'list the processes of a jail', load: () => import('./verbs/ps.ts') },
  { name: 'stats', summary: 'show what the running jails use', load: () => import('./verbs/stats.ts') },
  { name: 'top', summary: 'show, live, what jails use', load: () => import('./verbs/top.ts') },
  { name: 'logs', summary: 'show what a jail has printed', load: () => import('./verbs/logs.ts') },
  { name: 'events', summary: 'show and verify what has happened', load: () => import('./verbs/events.ts') },
  {
    name: 'upgrade',
    summary: 'take a jail to another version of its package',
    load: () => import('./verbs/upgrade.ts'),
  },
  {
    name: 'rollback',
    summary: 'take a jail back to the version before',
    load: () => import('./verbs/rollback.ts'),
  },
  { name: 'set', summary: "set a jail's uplink, address or limits", load: () => import('./verbs/set.ts') },
  { name: 'rm', summary: 'stop and remove jails', load: () => import('./verbs/rm.ts') },
  {
    name: 'doctor',
    summary: 'what this host has and lacks for building and running',
    load: () => import('./verbs/doctor.ts'),
  },
];

/** What prodng has other programs call; it stands in no list. */
export const internalCommands: readonly Omit<CommandEntry, 'summary'>[] = [
  { name: 'dhcp-event', load: () => import('./verbs/dhcp-event.ts') },
];
