/**
 * The catalogue of stable error codes. A code is never renamed or reused: scripts and the API match on it.
 * `exit` is the exit status of the CLI: 1 findings or mismatch, 2 usage, configuration or host cannot,
 * 3 an internal fault.
 */
export const errorCodes = {
  INTERNAL: { exit: 3, meaning: 'A fault in ProdNG itself' },
  USAGE: { exit: 2, meaning: 'The command line or an option is wrong' },
  CONFIG: { exit: 2, meaning: 'A configuration file or environment variable is wrong' },
  HOST_LACKS: { exit: 2, meaning: 'The host lacks a program, kernel feature or right' },
  COMMAND_FAILED: { exit: 2, meaning: 'A program that ProdNG runs failed' },
  IO: { exit: 2, meaning: 'Reading or writing a file failed' },
  INTERRUPTED: { exit: 2, meaning: 'Ctrl-C or SIGTERM ended the command' },
  BUSY: { exit: 2, meaning: 'Another process holds a lock that did not come free in time' },

  CONTROL_SYNTAX: { exit: 2, meaning: 'A deb822 file cannot be parsed' },
  DECLARATION: { exit: 2, meaning: 'The Jail-* fields of a control file are not valid' },
  NOT_A_JAIL_SOURCE: { exit: 2, meaning: 'The folder is not a Debian source package with a jail stanza' },

  AR_FORMAT: { exit: 2, meaning: 'An ar archive is malformed' },
  TAR_FORMAT: { exit: 2, meaning: 'A tar archive is malformed' },
  DEB_FORMAT: { exit: 2, meaning: 'A .deb does not follow deb(5)' },
  COMPRESSION: { exit: 2, meaning: 'A compressed member is malformed or of an unsupported kind' },
  ENTRY_REFUSED: { exit: 2, meaning: 'An archive entry would be unsafe to unpack' },
  ARCHIVE_TOO_LARGE: { exit: 2, meaning: 'An archive is larger than its limits allow' },

  ARCHIVE_SIGNATURE: { exit: 2, meaning: 'The signature of a package archive cannot be verified' },
  ARCHIVE_UNREACHABLE: { exit: 2, meaning: 'A package archive cannot be reached' },
  ARCHIVE_STALE: { exit: 2, meaning: 'A package archive is past its Valid-Until, or older than the lock' },
  ARCHIVE_CHANGED: {
    exit: 2,
    meaning: 'A package archive has another Origin, Label or Codename than in the lock',
  },
  FETCH_FAILED: { exit: 2, meaning: 'A locked file could not be fetched from any configured mirror' },
  HASH_MISMATCH: { exit: 1, meaning: 'Bytes do not have the SHA-256 or size that the lock names' },
  UNRESOLVABLE: { exit: 2, meaning: 'apt cannot resolve the dependencies' },
  LOCK_SYNTAX: { exit: 2, meaning: 'debian/jail.lock cannot be parsed' },
  LOCK_MISSING: { exit: 2, meaning: 'A locked build was asked for and there is no lock' },
  LOCK_OUTDATED: { exit: 1, meaning: 'The lock does not cover what the source needs' },

  KEY: {
    exit: 2,
    meaning: 'A signing key is missing, locked, expired or of a kind that Debian cannot verify',
  },
  SIGNATURE: { exit: 1, meaning: 'A signature is missing, bad or not by whom the policy asks for' },

  TEMPLATE: { exit: 2, meaning: 'A template or its variables are wrong' },
  TARGET_EXISTS: { exit: 2, meaning: 'The target folder exists and is not empty' },

  BUILD_ROOT: { exit: 2, meaning: 'The build root could not be made' },
  BUILD_FAILED: { exit: 1, meaning: 'The package does not build' },
  COMPOSE: { exit: 2, meaning: 'The rootfs cannot be composed' },
  IMAGE: { exit: 2, meaning: 'A base image is malformed, or cannot be made as it is declared' },

  JAIL_REFUSED: { exit: 2, meaning: 'What the kernel put in force differs from the declaration' },
  JAIL_START: { exit: 2, meaning: 'The jail could not be started' },
  AGENT: { exit: 2, meaning: 'The agent cannot be reached, or does not answer as it should' },
  JAIL_UNKNOWN: { exit: 2, meaning: 'No jail of that name is installed' },
  JAIL_STATE: { exit: 2, meaning: 'The jail is not in a state in which that can be done' },
  JAIL_UNHEALTHY: { exit: 1, meaning: 'The jail does not pass its health check, or does not stay up' },
  CONSENT: { exit: 1, meaning: 'A new version declares more than the installed one, without consent' },
  ROLE: { exit: 2, meaning: 'The client does not have the role that the operation needs' },
  POLICY: { exit: 2, meaning: "The host's policy does not allow it" },
  PROFILE: { exit: 2, meaning: 'A profile of a jail cannot be read, or does not show enough' },
  EVENTS: { exit: 1, meaning: 'A record of the log of events was edited, removed or moved' },
  PUBLISH: { exit: 2, meaning: 'The package archive cannot be published to as asked' },
  EXPORT_LOSS: {
    exit: 1,
    meaning: 'Another engine would not enforce a declaration, and that was not accepted',
  },
  EVIDENCE: { exit: 1, meaning: 'A bundle of evidence is none, or not as it was signed' },
  NETWORK: { exit: 2, meaning: 'The network of the jail could not be set up' },
} as const satisfies Record<string, { exit: 1 | 2 | 3; meaning: string }>;

/** A stable error code. */
export type ErrorCode = keyof typeof errorCodes;
