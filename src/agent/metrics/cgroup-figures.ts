import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One figure of a control group: which file says it, and under what keys. */
export interface CgroupFigure {
  /** `memory.stat` */
  file: string;
  /** `{ key: 'anon' }`, `{ device: '8:0', key: 'rbytes' }`, `{ kind: 'some', key: 'avg10' }`; none for a single value. */
  labels: Readonly<Record<string, string>>;
  /** As the kernel's unit; no limit is infinite. */
  value: number;
}

/** Files that hold figures, and not commands or lists of processes: cgroup-v2.rst, "Interface Files". */
const figures = /\.(stat|events|current|peak|max|high|low|min|pressure|weight|usage_usec)$/;

/**
 * Reads every figure that the kernel has of a control group, whichever controllers it has and will come to have.
 *
 * @param folder of a cgroup v2 tree
 * @returns none when it is gone
 */
export function readCgroupFigures(folder: string): CgroupFigure[] {
  return list(folder)
    .filter((name) => figures.test(name))
    .toSorted()
    .flatMap((name) => parseFigures(name, read(join(folder, name))));
}

/** Takes a file apart, whichever of the four forms it has: a value, keys, nested keys of a device or a kind. */
export function parseFigures(file: string, text: string): CgroupFigure[] {
  return text
    .split('\n')
    .filter(Boolean)
    .flatMap((line) => parseLine(file, line));
}

function parseLine(file: string, line: string): CgroupFigure[] {
  const [first = '', ...rest] = line.split(' ');
  const [only] = rest;
  if (only === undefined) return figure(file, {}, first);
  const nested = rest.filter((word) => word.includes('='));
  if (nested.length === 0) {
    // cpu.max holds the quota and the period
    return file === 'cpu.max'
      ? [...figure(file, { key: 'quota' }, first), ...figure(file, { key: 'period' }, only)]
      : figure(file, { key: first }, only);
  }
  const outer = file.endsWith('.pressure') ? 'kind' : 'device';
  return nested.flatMap((word) => {
    const [key = '', value = ''] = word.split('=', 2);
    return figure(file, { [outer]: first, key }, value);
  });
}

function figure(file: string, labels: CgroupFigure['labels'], text: string): CgroupFigure[] {
  const value = text === 'max' ? Number.POSITIVE_INFINITY : Number(text);
  return text === '' || Number.isNaN(value) ? [] : [{ file, labels, value }];
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // a controller that the kernel was told to do without, or the group is gone
    return '';
  }
}
