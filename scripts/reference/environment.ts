/** An environment variable that prodng or its agent reads. */
export interface Variable {
  name: string;
  meaning: string;
  /** What holds without it. */
  standard: string;
}

/** A test compares it with what src/ reads. */
export const variables: readonly Variable[] = [
  {
    name: 'PRODNG_CACHE_DIR',
    meaning:
      'Folder of the cache: fetched .debs, build roots, compressed blocks. It may be deleted at any time',
    standard: '/var/cache/prodng; of other users than root $XDG_CACHE_HOME/prodng',
  },
  {
    name: 'PRODNG_STATE_DIR',
    meaning: 'Folder of what must survive a reboot: keys, installed jails, volumes, uid ranges',
    standard: '/var/lib/prodng; of other users than root $XDG_STATE_HOME/prodng',
  },
  {
    name: 'PRODNG_RUN_DIR',
    meaning: "Folder of what does not survive a reboot: runs, locks, the agent's socket",
    standard: '/run/prodng; of other users than root $XDG_RUNTIME_DIR/prodng',
  },
  {
    name: 'PRODNG_CONFIG_DIR',
    meaning: "Folder of the agent's configuration: agent.json, jails.d",
    standard: '/etc/prodng',
  },
  {
    name: 'PRODNG_SOURCES',
    meaning:
      'File with the package archives, in the DEB822 format of sources.list(5); --sources overrides it',
    standard: "/etc/prodng/archives.sources, else the host's own apt sources",
  },
  {
    name: 'PRODNG_KEY_PASSPHRASE_FILE',
    meaning:
      'File with the passphrase of the signing key, for commands that sign; --passphrase-fd overrides it',
    standard: 'prodng asks on the terminal',
  },
  {
    name: 'PRODNG_BUILDER_ID',
    meaning: 'URI of the builder in the provenance that prodng build and prodng image build write',
    standard: 'none',
  },
  {
    name: 'PRODNG_MAX_UNPACKED',
    meaning: 'Bytes that a .deb may unpack to, such as 4G, if that is more than its limit; for trusted files',
    standard: '512 MiB, and 250 times the size of the .deb',
  },
  {
    name: 'CI',
    meaning: 'If set, and neither 0 nor false, prodng build fails if the lock is outdated, as with --locked',
    standard: 'unset',
  },
  {
    name: 'NO_COLOR',
    meaning: 'If set, output has no colours (no-color.org)',
    standard: 'unset: colours on a terminal',
  },
  {
    name: 'SOURCE_DATE_EPOCH',
    meaning: 'Time of signatures and of what prodng new writes, in seconds since 1970',
    standard: 'the current time',
  },
  {
    name: 'DEBFULLNAME',
    meaning: "Maintainer's name in the sources that prodng new writes",
    standard: 'the name in DEBEMAIL, else user.name of git',
  },
  {
    name: 'DEBEMAIL',
    meaning: "Maintainer's address in the sources that prodng new writes",
    standard: 'user.email of git',
  },
  {
    name: 'XDG_CONFIG_HOME',
    meaning: 'Base folder of remotes.json, which names agents for --host',
    standard: '~/.config',
  },
  {
    name: 'XDG_CACHE_HOME',
    meaning: 'Base folder of caches, of other users than root',
    standard: '~/.cache',
  },
  {
    name: 'XDG_STATE_HOME',
    meaning: 'Base folder of state, of other users than root',
    standard: '~/.local/state',
  },
  {
    name: 'XDG_RUNTIME_DIR',
    meaning: 'Base folder of run files, of other users than root',
    standard: 'the folder "run" in the cache folder',
  },
  { name: 'TERM', meaning: 'Kind of the terminal, for the shell of --shell-on-failure', standard: 'dumb' },
];

/** Passed by prodng to its own helpers, or by systemd to the agent: not for users. */
export const internalVariables = [
  'PRODNG_LEASE',
  'PRODNG_JAIL',
  'PRODNG_VARIED',
  'LISTEN_PID',
  'LISTEN_FDS',
  'NOTIFY_SOCKET',
  'WATCHDOG_USEC',
  'WATCHDOG_PID',
];
