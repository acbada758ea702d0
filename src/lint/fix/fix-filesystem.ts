import { pathFault } from '../../control/jail-path.ts';

/** Normalised paths, and each line once. */
export function fixedFilesystem(lines: readonly string[]): readonly string[] {
  const fixed = lines.map((line) => line.replace(/(?<=^|\s)\/\S*/g, normalised));
  const seen = new Set<string>();
  return fixed.filter((line) => {
    const key = line.trim().replace(/\s+/g, ' ');
    const isRepeated = key !== '' && seen.has(key);
    seen.add(key);
    return !isRepeated;
  });
}

function normalised(path: string): string {
  if (path.split('/').includes('..') || pathFault(path) === undefined) return path;
  return `/${path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/')}`;
}
