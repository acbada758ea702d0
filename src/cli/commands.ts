import type { Command } from 'commander';

/** A command of the CLI, as it stands in the list. Its own module is loaded when somebody asks for it. */
export interface CommandEntry {
  name: string;
  summary: string;
  load: () => Promise<{ register: (program: Command) => void }>;
}

/** In the order in which somebody needs them. */
export const commands: readonly CommandEntry[] = [
  { name: 'new', summary: 'make a jail source from a template', load: () => import('./new.ts') },
  {
    name: 'templates',
    summary: 'list the templates and their variables',
    load: () => import('./templates.ts'),
  },
  {
    name: 'lock',
    summary: 'pin every input of a jail source in debian/jail.lock',
    load: () => import('./lock.ts'),
  },
  {
    name: 'build',
    summary: 'build a source into its .deb, in a throwaway jail',
    load: () => import('./build.ts'),
  },
  {
    name: 'vendor',
    summary: 'copy every input of a build to a folder',
    load: () => import('./vendor.ts'),
  },
  { name: 'lint', summary: 'judge jail sources and .debs', load: () => import('./lint.ts') },
  { name: 'run', summary: 'run a jail in the foreground, as root', load: () => import('./run.ts') },
  { name: 'diff', summary: 'say what differs between two jails', load: () => import('./diff.ts') },
  {
    name: 'verify',
    summary: 'check a .deb, also by rebuilding it',
    load: () => import('./verify.ts'),
  },
  { name: 'sign', summary: 'sign a .deb, .changes or .buildinfo', load: () => import('./sign.ts') },
  {
    name: 'strip-signature',
    summary: 'remove the signatures from a .deb',
    load: () => import('./strip-signature.ts'),
  },
  { name: 'key', summary: 'make, list, export and import signing keys', load: () => import('./key.ts') },
  { name: 'agent', summary: 'run the agent of this host, as root', load: () => import('./agent.ts') },
  { name: 'install', summary: 'install a jail, and start it', load: () => import('./install.ts') },
  { name: 'ls', summary: 'list the installed jails', load: () => import('./ls.ts') },
  { name: 'inspect', summary: 'show all that is known of a jail', load: () => import('./inspect.ts') },
  { name: 'start', summary: 'start jails', load: () => import('./start.ts') },
  { name: 'stop', summary: 'stop jails as they declare', load: () => import('./stop.ts') },
  { name: 'restart', summary: 'stop and start jails', load: () => import('./restart.ts') },
  { name: 'kill', summary: 'send a signal to jails', load: () => import('./kill.ts') },
  { name: 'freeze', summary: 'give the processes of jails no time', load: () => import('./freeze.ts') },
  { name: 'thaw', summary: 'let frozen jails go on', load: () => import('./thaw.ts') },
  { name: 'exec', summary: 'run a program in a running jail', load: () => import('./exec.ts') },
  { name: 'ps', summary: 'list the processes of a jail', load: () => import('./ps.ts') },
  { name: 'stats', summary: 'show what the running jails use', load: () => import('./stats.ts') },
  { name: 'top', summary: 'show, live, what jails use', load: () => import('./top.ts') },
  { name: 'logs', summary: 'show what a jail has printed', load: () => import('./logs.ts') },
  { name: 'events', summary: 'show and verify what has happened', load: () => import('./events.ts') },
  {
    name: 'upgrade',
    summary: 'take a jail to another version of its package',
    load: () => import('./upgrade.ts'),
  },
  {
    name: 'rollback',
    summary: 'take a jail back to the version before',
    load: () => import('./rollback.ts'),
  },
  { name: 'set', summary: "set a jail's uplink, address or limits", load: () => import('./set.ts') },
  { name: 'rm', summary: 'stop and remove jails', load: () => import('./rm.ts') },
  {
    name: 'doctor',
    summary: 'what this host has and lacks for building and running',
    load: () => import('./doctor.ts'),
  },
];

/** What prodng has other programs call; it stands in no list. */
export const internalCommands: readonly Omit<CommandEntry, 'summary'>[] = [
  { name: 'dhcp-event', load: () => import('./dhcp-event.ts') },
];
