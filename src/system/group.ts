import { readFileSync } from 'node:fs';

/**
 * The number of a group of this host, group(5).
 *
 * @returns undefined when there is none of that name
 */
export function groupId(name: string, etcGroup = readFileSync('/etc/group', 'utf8')): number | undefined {
  const line = etcGroup.split('\n').find((entry) => entry.startsWith(`${name}:`));
  const id = line?.split(':')[2] ?? '';
  return /^\d+$/.test(id) ? Number(id) : undefined;
}
