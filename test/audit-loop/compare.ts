import type { Profile } from '../../src/observe/profile.ts';

/** What two records can be compared by: kinds of things, without how often. */
export interface Facts {
  calls: Set<string>;
  /** What the kernel refused or a denial made fail. */
  refused: Set<string>;
  capabilities: Set<string>;
  files: Set<string>;
  connections: Set<string>;
  programs: Set<string>;
}

export function factsOf(profile: Profile): Facts {
  const name = (id: number) => profile.programs.find((program) => program.id === id)?.path ?? '?';
  const set = <T>(entries: readonly T[], text: (entry: T) => string | undefined) =>
    new Set(entries.map(text).filter((each) => each !== undefined));
  return {
    calls: set(profile.calls, ({ call, entered }) => (entered > 0 ? call : undefined)),
    refused: new Set([
      ...set(profile.calls, ({ call, refused }) => (refused > 0 ? `call ${call}` : undefined)),
      ...set(profile.capabilities, ({ capability, hard = 0, hostHard = 0 }) =>
        hard + hostHard > 0 ? `capability ${capability}` : undefined,
      ),
      ...set(profile.files, ({ kind, path }) => (kind === 'refused' ? `file ${settled(path)}` : undefined)),
    ]),
    capabilities: set(profile.capabilities, ({ capability, granted }) =>
      granted > 0 ? capability : undefined,
    ),
    files: set(profile.files, ({ kind, path }) =>
      kind === 'refused' ? undefined : `${kind} ${settled(path)}`,
    ),
    connections: set(profile.connections, ({ way, address = '', port, program }) =>
      // the client's ports are of its kernel's choice
      way === 'accepted' ? `accepted by ${name(program)}` : `${way} ${address} ${port}`,
    ),
    programs: set(profile.programs, ({ path, origin }) => `${origin} ${path}`),
  };
}

/** Numbers of processes and random names differ from run to run. */
function settled(path: string): string {
  return path.replaceAll(/(?<=^|\D)\d+(?=\D|$)/g, 'N');
}

/** What is in one set of facts and not in the other, as `kind: thing`. */
export function lacking(from: Facts, other: Facts): string[] {
  return (Object.keys(from) as (keyof Facts)[]).flatMap((kind) =>
    [...from[kind]].filter((each) => !other[kind].has(each)).map((each) => `${kind}: ${each}`),
  );
}
