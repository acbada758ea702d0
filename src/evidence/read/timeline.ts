import type { TreeFile } from '../collect/walk-tree.ts';
import { memberOf, numberOf, wordOf } from './foreign-json.ts';
import type { BundleVerdict } from './verify-bundle.ts';

/** One moment. */
export interface TimelineEntry {
  /** ISO 8601, UTC. */
  time: string;
  /** `event`, `log`, `process`, `file`, `evidence` */
  source: string;
  text: string;
  /** What a body file says of a file. */
  file?: TreeFile;
}

/** Which files of a bundle a timeline is made of. */
export function isForTimeline(path: string): boolean {
  return (
    /^(?:events\/events\.jsonl|jail\/log|jail\/run-file\.json|rootfs\/(?:files\.jsonl|changes\.json)|host\/proc\/uptime)$/.test(
      path,
    ) ||
    /^volumes\/[^/]+\.jsonl$/.test(path) ||
    /^process\/\d+\/(?:stat|cmdline)$/.test(path)
  );
}

/** All that a bundle dates, in order: events of the jail, what it printed, processes, changed files, the collection. */
export function timelineOf({ manifest, bundle, statement }: BundleVerdict): TimelineEntry[] {
  const [begin] = manifest;
  const jail = statement?.predicate.jail ?? (begin?.kind === 'begin' ? begin.jail : '');
  const text = (path: string) => bundle.kept.get(path)?.toString('utf8') ?? '';
  const entries: TimelineEntry[] = [
    ...events(text('events/events.jsonl'), jail),
    ...logLines(text('jail/log')),
    ...processes(bundle.kept, uptimeRead(manifest)),
    ...files(bundle.kept),
    ...manifest.flatMap((line) => {
      if (line.kind === 'begin')
        return [{ time: line.time, source: 'evidence', text: `collection ${line.id} begins` }];
      if (line.kind === 'mark')
        return [{ time: line.time, source: 'evidence', text: `${line.what} ${line.ms} ms` }];
      return line.kind === 'end' ? [{ time: line.time, source: 'evidence', text: 'collection ends' }] : [];
    }),
  ];
  return entries
    .filter(({ time }) => !Number.isNaN(Date.parse(time)))
    .map((entry) => ({ ...entry, time: new Date(Date.parse(entry.time)).toISOString() }))
    .toSorted((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
}

function events(text: string, jail: string): TimelineEntry[] {
  return jsonLines(text).flatMap((record) => {
    const { time, kind, jail: of, by, detail, seq } = record;
    if (typeof time !== 'string' || typeof kind !== 'string') return [];
    if (of !== undefined && of !== jail) return [];
    const facts = typeof detail === 'object' && detail !== null ? Object.entries(detail) : [];
    const said = facts.map(([name, value]) => `${name}=${wordOf(value)}`);
    const who = typeof by === 'string' ? [`by ${by}`] : [];
    return [{ time, source: 'event', text: [`#${wordOf(seq)}`, kind, ...said, ...who].join(' ') }];
  });
}

function logLines(text: string): TimelineEntry[] {
  return text.split('\n').flatMap((line) => {
    const [, time, stream, said] = /^(\S+) (stdout|stderr) [FP] (.*)$/.exec(line) ?? [];
    return time === undefined ? [] : [{ time, source: 'log', text: `${stream}: ${said}` }];
  });
}

/** USER_HZ, time(7) */
const ticks = 100;

/** When /proc/uptime was read, ms since 1970. */
function uptimeRead(manifest: BundleVerdict['manifest']): number {
  const line = manifest.find((each) => each.kind === 'file' && each.path === 'host/proc/uptime');
  return Date.parse(line?.time ?? '');
}

function processes(kept: ReadonlyMap<string, Buffer>, read: number): TimelineEntry[] {
  const uptime = Number(kept.get('host/proc/uptime')?.toString().split(' ')[0] ?? Number.NaN);
  if (Number.isNaN(uptime)) return [];
  const booted = read - uptime * 1000;
  return [...kept].flatMap(([path, bytes]) => {
    const [, pid] = /^process\/(\d+)\/stat$/.exec(path) ?? [];
    if (pid === undefined) return [];
    const stat = bytes.toString('utf8');
    const start = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
    const command = kept.get(`process/${pid}/cmdline`)?.toString('utf8').replaceAll('\0', ' ').trim() ?? '';
    const time = booted + (start * 1000) / ticks;
    if (!Number.isFinite(time)) return [];
    return [{ time: timeOf(time), source: 'process', text: `${pid} starts: ${command}` }];
  });
}

/** Of the rootfs, which nobody writes to, only what is not as its .deb has it. */
function files(kept: ReadonlyMap<string, Buffer>): TimelineEntry[] {
  const changed = new Set(changedFiles(kept.get('rootfs/changes.json')));
  return [...kept].flatMap(([path, bytes]) => {
    const [, volume] = /^volumes\/([^/]+)\.jsonl$/.exec(path) ?? [];
    if (volume === undefined && path !== 'rootfs/files.jsonl') return [];
    const place = volume === undefined ? 'rootfs' : `volume ${volume}`;
    return jsonLines(bytes.toString('utf8')).flatMap((record) => {
      const file = asTreeFile(record);
      if (file === undefined || (volume === undefined && !changed.has(file.path))) return [];
      const digest = file.sha256 === undefined ? '' : ` sha256 ${file.sha256}`;
      const text = `${place}: ${file.path} (${file.type}, ${file.size} bytes${digest})`;
      return [{ time: timeOf(file.mtime), source: 'file', text, file }];
    });
  });
}

function changedFiles(bytes: Buffer | undefined): string[] {
  const changes = bytes === undefined ? undefined : parse(bytes.toString('utf8'));
  return ['changed', 'added'].flatMap((name) => {
    const list = memberOf(changes, name);
    return Array.isArray(list) ? list.map(wordOf) : [];
  });
}

function asTreeFile(record: Record<string, unknown>): TreeFile | undefined {
  const { path, type, mode, uid, gid, size, mtime, ctime, inode, sha256, md5 } = record;
  const numbers = [mode, uid, gid, size, mtime, ctime, inode].map(numberOf);
  if (typeof path !== 'string' || numbers.some(Number.isNaN)) return undefined;
  const kinds = ['file', 'directory', 'symlink', 'character', 'block', 'fifo', 'socket'] as const;
  return {
    path,
    type: kinds.find((kind) => kind === type) ?? 'file',
    mode: numbers[0] ?? 0,
    uid: numbers[1] ?? 0,
    gid: numbers[2] ?? 0,
    size: numbers[3] ?? 0,
    mtime: numbers[4] ?? 0,
    ctime: numbers[5] ?? 0,
    inode: numbers[6] ?? 0,
    ...(typeof sha256 === 'string' ? { sha256 } : {}),
    ...(typeof md5 === 'string' ? { md5 } : {}),
  };
}

function timeOf(ms: number): string {
  return Math.abs(ms) < 8.64e15 ? new Date(ms).toISOString() : '';
}

function jsonLines(text: string): Record<string, unknown>[] {
  return text.split('\n').flatMap((line) => {
    const value = line === '' ? undefined : parse(line);
    return typeof value === 'object' && value !== null ? [{ ...value }] : [];
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
