import { ProdngError } from '../error/prodng-error.ts';
import { allowedSyscalls } from '../jail/confine/seccomp.ts';
import { runtimeFloor } from '../jail/runtime/runtime-floor.ts';
import { connectText, type Declared } from '../observe/declared.ts';
import { capabilitySums, usedCalls } from '../observe/discrepancies.ts';
import { isBelow } from '../observe/discrepancies-files.ts';
import { matches } from '../observe/discrepancies-network.ts';
import { isWhole, lostOf, type Profile } from '../observe/profile.ts';

/** What a field should be. */
export interface ProposedField {
  /** Without its prefix. */
  name: 'Capabilities' | 'Syscalls' | 'Filesystem' | 'Listen' | 'Connect';
  /** The items that stay, as they are written or to be written; none drops the field. */
  items: string[];
  reason: string;
}

/**
 * The least that a jail has to declare to do what it did in a record. It only takes away: what was refused is not
 * proposed, as a gain is for people to decide. System calls never go below what the runtime itself needs.
 *
 * @throws ProdngError PROFILE when the record is not whole, or lacks system calls and files
 */
export function propose(declared: Declared, profile: Profile): ProposedField[] {
  assertEnough(profile);
  const used = capabilitySums(profile);
  const proposed: ProposedField[] = [];
  const capabilities = declared.capabilities.filter((name) => (used.get(name)?.granted ?? 0) > 0);
  if (capabilities.length < declared.capabilities.length)
    proposed.push({
      name: 'Capabilities',
      items: capabilities.map((name) => name.replace(/^CAP_/, '')),
      reason: `never used: ${declared.capabilities.filter((name) => !capabilities.includes(name)).join(', ')}`,
    });
  const allowed = allowedSyscalls(declared.syscalls);
  const floor = runtimeFloor(profile.runtime);
  const calls = [...new Set([...usedCalls(profile), ...floor])].filter(
    (call) => allowed.has(call) || floor.includes(call),
  );
  if (calls.length < allowed.size)
    proposed.push({
      name: 'Syscalls',
      items: calls.sort(),
      reason: `${usedCalls(profile).size} used of ${allowed.size} allowed, and what ${profile.runtime} needs`,
    });
  const writable = declared.writable.filter(({ path }) =>
    profile.files.some((file) => isBelow(file.path, path)),
  );
  if (writable.length < declared.writable.length)
    proposed.push({
      name: 'Filesystem',
      items: writable.map(({ path }) => path),
      reason: `never opened: ${declared.writable
        .filter((place) => !writable.includes(place))
        .map(({ path }) => path)
        .join(', ')}`,
    });
  return [...proposed, ...network(declared, profile)];
}

function network(declared: Declared, profile: Profile): ProposedField[] {
  const bound = profile.connections.filter(({ way }) => way === 'listens');
  const made = profile.connections.filter(({ way }) => way === 'connected' || way === 'failed');
  const listen = declared.listen.filter(
    ({ port, protocol }) => protocol === 'udp' || bound.some((each) => each.port === port),
  );
  // datagrams are not counted: what is for them stays
  const connect = declared.connect.filter(
    (rule) =>
      rule.kind !== 'host' || rule.protocol === 'udp' || made.some((connection) => matches(rule, connection)),
  );
  const dropped = (before: readonly string[], after: readonly string[]) =>
    before.filter((item) => !after.includes(item)).join(', ');
  const texts = (ports: Declared['listen']) => ports.map(({ port, protocol }) => `${port}/${protocol}`);
  return [
    ...(listen.length === declared.listen.length
      ? []
      : [
          {
            name: 'Listen' as const,
            items: texts(listen),
            reason: `never listened on: ${dropped(texts(declared.listen), texts(listen))}`,
          },
        ]),
    ...(connect.length === declared.connect.length
      ? []
      : [
          {
            name: 'Connect' as const,
            items: connect.map(connectText),
            reason: `never connected to: ${dropped(declared.connect.map(connectText), connect.map(connectText))}`,
          },
        ]),
  ];
}

function assertEnough(profile: Profile): void {
  const name = `${profile.package} ${profile.version}`;
  if (profile.mode !== 'record')
    throw new ProdngError('PROFILE', `${name}: the record has no system calls and files`, {
      hint: 'record it in mode record',
    });
  if (isWhole(profile)) return;
  const lost = lostOf(profile);
  throw new ProdngError(
    'PROFILE',
    lost > 0 ? `${name}: the record is incomplete by ${lost}` : `${name}: the record misses the start`,
    { hint: 'nothing can be taken away on the strength of it: record again' },
  );
}
