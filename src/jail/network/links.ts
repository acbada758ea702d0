import { readFileSync } from 'node:fs';

/**
 * The interfaces of a network namespace, up or down.
 *
 * @param process one in the namespace, as its folder in /proc (default: this thread)
 */
export function linkNames(process = 'thread-self'): string[] {
  const lines = readFileSync(`/proc/${process}/net/dev`, 'utf8').split('\n').slice(2);
  return lines.map((line) => line.split(':')[0]?.trim() ?? '').filter((link) => link !== '');
}
