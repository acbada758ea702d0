/** What surrounds a build and must not reach what it makes. Every build has the same, but for those that test this. */
export interface BuildVariation {
  /** The folder below which the source is unpacked: absolute, plain characters. */
  buildPath: string;
  uid: number;
  user: string;
  hostname: string;
  /** Octal, as umask(1) takes it. */
  umask: string;
  /** On top of the environment of every build. */
  environment: Readonly<Record<string, string>>;
  /** A command line that runs another: taskset, setarch. */
  wrapper: readonly string[];
  /**
   * FUSE's device, which root of the namespace and everybody else in it can open, absolute or relative to the cache
   * folder: disorderfs then sorts what readdir(3) shows of the build folder.
   */
  fuse?: string;
  /** libfaketime on the host and its argument; the real clock without. */
  clock?: { library: string; faketime: string };
  /** A folder for the upper layer, relative to the cache folder and owned by root of the namespace; memory without. */
  disk?: string;
}

/** The ids of the user who builds. */
export const builderId = 1000;

/** The surroundings of every build that is not a test of them. */
export const plainVariation: BuildVariation = {
  buildPath: '/build',
  uid: builderId,
  user: 'builder',
  hostname: 'prodng',
  umask: '022',
  environment: {},
  wrapper: [],
};

/** Where libfaketime is in the jail. */
export const faketimeInJail = '/usr/local/lib/libfaketime.so.1';

/**
 * What libfaketime reads. Times of files stay real: a time that a build sets would come out as another one. So does
 * the monotonic clock: time-outs must not wait for years.
 */
export function clockEnvironment({ clock }: BuildVariation): Record<string, string> {
  if (clock === undefined) return {};
  return {
    LD_PRELOAD: faketimeInJail,
    FAKETIME: clock.faketime,
    NO_FAKE_STAT: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    DONT_FAKE_MONOTONIC: '1',
  };
}
