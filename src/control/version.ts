import { ProdngError } from '../error/prodng-error.ts';

/** A Debian version taken apart: `[epoch:]upstream[-revision]`. */
export interface Version {
  epoch: number;
  upstream: string;
  revision: string;
}

/** Why a version is not valid by Debian Policy 5.6.12, or undefined when it is. */
export function versionFault(text: string): string | undefined {
  if (text === '') return 'the version is empty';
  const match = /^(?:([^:]*):)?(.*)$/s.exec(text);
  const epoch = match?.[1];
  const rest = match?.[2] ?? '';
  if (epoch !== undefined && !/^\d+$/.test(epoch)) return 'the epoch is not a number';
  if (epoch !== undefined && Number(epoch) > 2 ** 31 - 1) return 'the epoch is too large';
  const dash = rest.lastIndexOf('-');
  const upstream = dash < 0 ? rest : rest.slice(0, dash);
  const revision = dash < 0 ? undefined : rest.slice(dash + 1);
  if (upstream === '') return 'the upstream version is empty';
  if (!/^\d/.test(upstream)) return 'the upstream version does not start with a digit';
  if (!/^[A-Za-z0-9.+~:-]*$/.test(upstream)) return 'only A-Z a-z 0-9 . + - ~ : are allowed';
  if (revision === '') return 'the Debian revision is empty';
  if (revision !== undefined && !/^[A-Za-z0-9.+~]*$/.test(revision))
    return 'only A-Z a-z 0-9 . + ~ are allowed in the Debian revision';
  return undefined;
}

/**
 * Takes a version apart.
 *
 * @throws ProdngError CONTROL_SYNTAX when it is not valid by Debian Policy 5.6.12
 */
export function parseVersion(text: string): Version {
  const fault = versionFault(text);
  if (fault !== undefined) throw new ProdngError('CONTROL_SYNTAX', `not a Debian version: ${text}: ${fault}`);
  return splitVersion(text);
}

function splitVersion(text: string): Version {
  const colon = text.indexOf(':');
  const rest = text.slice(colon + 1);
  const dash = rest.lastIndexOf('-');
  return {
    // an epoch that is no number is refused by parseVersion; here it must only not upset the order
    epoch: colon < 0 ? 0 : Number(text.slice(0, colon)) || 0,
    upstream: dash < 0 ? rest : rest.slice(0, dash),
    revision: dash < 0 ? '' : rest.slice(dash + 1),
  };
}

/**
 * Orders two versions as dpkg does (Debian Policy 5.6.12).
 *
 * @returns negative when `a` is older than `b`, 0 when they are equal, positive when it is newer
 */
export function compareVersions(a: string, b: string): number {
  const left = splitVersion(a);
  const right = splitVersion(b);
  if (left.epoch !== right.epoch) return left.epoch - right.epoch;
  return compareParts(left.upstream, right.upstream) || compareParts(left.revision, right.revision);
}

/** Compares runs of non-digits and of digits in turn. */
function compareParts(a: string, b: string): number {
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    while ((i < a.length && !isDigit(a, i)) || (j < b.length && !isDigit(b, j))) {
      const difference = weight(a, i) - weight(b, j);
      if (difference !== 0) return difference;
      i += 1;
      j += 1;
    }
    const left = digitsAt(a, i);
    const right = digitsAt(b, j);
    const difference = compareNumbers(left, right);
    if (difference !== 0) return difference;
    i += left.length;
    j += right.length;
  }
  return 0;
}

/** A tilde sorts before the end, the end (or a digit) before letters, letters before all else. */
function weight(text: string, index: number): number {
  if (index >= text.length || isDigit(text, index)) return 0;
  const code = text.charCodeAt(index);
  if (code === 0x7e) return -1;
  return /[A-Za-z]/.test(text.charAt(index)) ? code : code + 256;
}

function isDigit(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return code >= 0x30 && code <= 0x39;
}

function digitsAt(text: string, start: number): string {
  let end = start;
  while (end < text.length && isDigit(text, end)) end += 1;
  return text.slice(start, end);
}

/** Numbers of any length: a date with a time does not fit a double. */
function compareNumbers(a: string, b: string): number {
  const left = a.replace(/^0+/, '');
  const right = b.replace(/^0+/, '');
  if (left.length !== right.length) return left.length - right.length;
  return left < right ? -1 : left > right ? 1 : 0;
}
