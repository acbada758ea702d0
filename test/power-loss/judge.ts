import type { Acknowledgement, ExpectedJail } from './acknowledgement.ts';
import type { DiskContents } from './disk-contents.ts';

/**
 * Compares what is on a disk with what the operator had been told.
 *
 * @param told the last that was answered before the power went
 * @param next what was going on then: its own answer, which never came
 * @returns what was lost, or is half done
 */
export function faultsOf(
  disk: DiskContents,
  told: Acknowledgement | undefined,
  next: Acknowledgement | undefined,
): string[] {
  const { broken, records } = disk.events;
  const faults = broken === undefined ? [] : [`events: line ${broken.line}: ${broken.why}`];
  if (records < (told?.events ?? 0)) faults.push(`events: ${records} of ${told?.events} are there`);
  const names = new Set([told, next].flatMap((each) => Object.keys(each?.jails ?? {})));
  for (const name of [...disk.jails.keys(), ...names]) {
    const [before, after] = [told?.jails[name], next?.jails[name] ?? undefined];
    const isBusy = next !== undefined && (next.command.includes(` ${name}`) || !same(before, after));
    faults.push(...jailFaults(disk, name, before, isBusy ? [before, after] : [before], next));
  }
  for (const name of told?.purged ?? [])
    if (disk.rows.has(name) && next?.jails[name] === undefined)
      faults.push(`${name}: its volume is still there`);
  return faults;
}

function jailFaults(
  disk: DiskContents,
  name: string,
  before: ExpectedJail | undefined,
  allowed: readonly (ExpectedJail | undefined)[],
  next: Acknowledgement | undefined,
): string[] {
  const isBusy = allowed.length > 1;
  const state = disk.jails.get(name);
  if (state === undefined) return allowed.includes(undefined) ? [] : [`${name}: it is gone`];
  const possible = allowed.filter((each) => each !== undefined);
  if (possible.length === 0) return [`${name}: it was removed, and is there`];
  const faults: string[] = [];
  const version = state.versions.find(({ sha256 }) => sha256 === state.current)?.version;
  const expect = (what: string, found: unknown, of: (jail: ExpectedJail) => unknown) => {
    if (!possible.some((jail) => of(jail) === found))
      faults.push(
        `${name}: ${what}: ${String(found)}, not ${possible.map((jail) => String(of(jail))).join(' or ')}`,
      );
  };
  expect('version', version, (jail) => jail.version);
  // it is made stopped, and started then
  if (!isBusy) expect('desired', state.desired, (jail) => jail.desired);
  if (!isBusy && (state.switching ?? state.removing) !== undefined) faults.push(`${name}: half done`);
  expect('memory', disk.memory.get(name), (jail) => jail.memory);
  if (before?.row !== undefined && state.removing === undefined && !disk.rows.get(name)?.includes(before.row))
    faults.push(`${name}: ${before.row} is not on its volume`);
  for (const { sha256 } of state.versions) {
    const whole = next?.trees[sha256];
    const found = disk.trees.get(sha256);
    if (found === undefined) faults.push(`${name}: the tree ${sha256} is gone`);
    else if (whole !== undefined && found !== whole) faults.push(`${name}: the tree ${sha256} is not whole`);
  }
  return faults;
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
