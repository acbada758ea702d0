import type { Diagnostic } from '../error/prodng-error.ts';
import { parseUnitFile, type UnitSetting } from './unit-file.ts';

/** Bytes and the path that messages carry. */
export interface UnitText {
  path: string;
  bytes: Uint8Array;
}

/** A unit with its drop-ins, systemd.unit(5). */
export interface Unit {
  /** `cache.service`, or `cache@main.service` for an instance. */
  name: string;
  settings: readonly UnitSetting[];
  faults: readonly Diagnostic[];
}

/**
 * A unit as its own file and its drop-ins make it.
 *
 * @param dropIns `NAME.d/*.conf`; they count in the order of their file names, wherever they lie
 */
export function readUnit(name: string, own: UnitText, dropIns: readonly UnitText[] = []): Unit {
  const ordered = [...dropIns].sort((a, b) => (baseName(a.path) < baseName(b.path) ? -1 : 1));
  const files = [own, ...ordered].map(({ path, bytes }) => parseUnitFile(bytes, path));
  return {
    name,
    settings: files.flatMap(({ settings }) => settings),
    faults: files.flatMap(({ faults }) => faults),
  };
}

/** All assignments of a setting that is a list: an empty one takes back those before it. */
export function settingsOf(unit: Unit, section: string, ...names: readonly string[]): UnitSetting[] {
  let found: UnitSetting[] = [];
  for (const setting of unit.settings) {
    if (setting.section !== section || !names.includes(setting.name)) continue;
    if (setting.value === '') found = [];
    else found.push(setting);
  }
  return found;
}

/** The last assignment of a setting that has one value; undefined when that is empty. */
export function settingOf(unit: Unit, section: string, name: string): UnitSetting | undefined {
  const last = unit.settings.findLast((setting) => setting.section === section && setting.name === name);
  return last === undefined || last.value === '' ? undefined : last;
}

/** A boolean as systemd.syntax(7) writes it; undefined for anything else. */
export function parseBoolean(text: string): boolean | undefined {
  const word = text.toLowerCase();
  if (['1', 'yes', 'y', 'true', 't', 'on'].includes(word)) return true;
  return ['0', 'no', 'n', 'false', 'f', 'off'].includes(word) ? false : undefined;
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
