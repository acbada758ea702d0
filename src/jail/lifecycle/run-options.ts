import type { JailDeclaration } from '../../control/jail-declaration.ts';
import type { OperatorValues } from '../../control/operator-values.ts';
import type { Paths } from '../../system/paths.ts';
import type { Progress } from '../../system/progress.ts';
import type { InForce } from '../confine/in-force.ts';
import type { Uplink } from '../network/network.ts';
import type { JailObserver } from '../observer.ts';
import type { OwnTerminal } from '../runtime/console.ts';
import type { UidRange } from '../storage/uid-range.ts';

/** A port of the host that leads to one of the jail's loopback. */
export interface PublishRequest {
  /** Default: 127.0.0.1. */
  hostAddress?: string;
  /** 0 takes any free port. */
  hostPort: number;
  jailPort: number;
}

export interface RunJailOptions extends OperatorValues {
  /** The path of the jail's .deb. */
  deb: string;
  paths: Paths;
  /** A name of its own for this run: with it go volumes, uid range and control group (default: the package's). */
  name?: string;
  /** Runs this instead of the declared command. */
  argv?: readonly string[];
  /** Runs a shell instead of the declared command: the jail's, or else the host's static busybox. */
  shell?: boolean;
  publish?: readonly PublishRequest[];
  /** Allocates all blocks of volumes with a size, so that a full disk of the host cannot make their writes fail. */
  reserveVolumes?: boolean;
  /** What a macvlan jail is connected to. */
  uplink?: Uplink;
  /** The OCI runtime (default: crun or runc, whichever works here). */
  runtime?: string;
  /** Our own terminal: the jail gets one of its own, and the two are joined. */
  terminal?: OwnTerminal;
  /** What the service reads, where it has no terminal (default: /dev/null). */
  input?: NodeJS.ReadStream;
  progress?: Progress;
  /** Watches it from its first instruction on. */
  observer?: JailObserver;
  /** Called when all is in force and before the service's first instruction. */
  onReady?: (report: RunReport) => void | Promise<void>;
  /** Aborted: the service is stopped as it declares. */
  stop?: AbortSignal;
  /** Aborted: the service is killed at once. */
  kill?: AbortSignal;
}

/** A jail about to run, and what the kernel says of it. */
export interface RunReport {
  name: string;
  version: string;
  declaration: JailDeclaration;
  /** What is executed. */
  argv: readonly string[];
  pid: number;
  runtime: string;
  range: UidRange;
  inForce: InForce;
  /** Its own address with its prefix, when it has one. */
  address?: string;
  /** Ports of the host that lead into it. */
  published: Required<PublishRequest>[];
}
