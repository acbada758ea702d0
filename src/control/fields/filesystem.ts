import { countBound } from '../bound.ts';
import { compareAmounts, compareItems } from '../compare-values.ts';
import { exposureRow } from '../exposure-row.ts';
import { lineWords, type Report, type Word } from '../field-value.ts';
import type { FieldChange, JailField } from '../jail-field.ts';
import { formatSize } from '../quantity.ts';
import { didYouMean } from '../suggest.ts';
import { readSizeOption } from './mount-options.ts';
import { reportPath } from './path-report.ts';

/** The size of a tmpfs that names none. */
const defaultTmpfsSize = 16 * 2 ** 20;

const allowed = 'allowed: rw PATH [size=64M], tmp PATH [size=16M], ro HOSTPATH [PATH]';

/** One line of `Jail-Filesystem`. Paths are absolute and normalised; sizes are bytes. */
export type JailMount =
  | { kind: 'rw'; path: string; size?: number }
  | { kind: 'tmp'; path: string; size: number }
  | { kind: 'ro'; hostPath: string; path: string };

/** `Jail-Filesystem` */
export const filesystemField: JailField<JailMount[]> = {
  name: 'Filesystem',
  required: false,
  default: 'none',
  syntax: 'none | one mount a line: rw PATH [size=SIZE] | tmp PATH [size=SIZE] | ro HOSTPATH [PATH]',
  doc: `What the service may write, and what it sees of the host. Everything else is the package's own rootfs, read-only.

- \`rw PATH [size=64M]\`: a persistent volume at PATH that outlives restarts and upgrades.
- \`tmp PATH [size=16M]\`: a tmpfs, empty at each start. Its content counts against \`Jail-Memory\`.
- \`ro HOSTPATH [PATH]\`: a file or folder of the host, read-only, if the host's policy allows it.

Paths are absolute and normalised; no mount lies within another; \`/\`, \`/etc\` and places of programs cannot be written.`,
  example: 'rw /var/lib/hello size=64M\ntmp /tmp',
  bounds: [
    countBound('mounts', 64),
    {
      what: 'size of a volume',
      unit: 'size',
      least: 4096,
      // the tables of a file system grow with its size and are written when it is made: 80 MB for each TiB
      most: 2 ** 42,
      of: (mounts) =>
        mounts.flatMap((mount) => (mount.kind === 'rw' && mount.size !== undefined ? [mount.size] : [])),
    },
    {
      what: 'size of a tmpfs',
      unit: 'size',
      least: 4096,
      most: 2 ** 40,
      of: (mounts) => mounts.flatMap((mount) => (mount.kind === 'tmp' ? [mount.size] : [])),
    },
  ],
  fallback: [],
  parse(field, report) {
    const lines = lineWords(field);
    if (lines.length === 1 && lines[0]?.length === 1 && lines[0][0]?.text === 'none') return [];
    const mounts = lines.map((words) => readMount(words, report));
    return mounts.every((mount) => mount !== undefined) ? mounts : undefined;
  },
  format: (mounts) => (mounts.length === 0 ? 'none' : mounts.map(formatMount).join('\n')),
  json: (z) =>
    z.array(
      z.discriminatedUnion('kind', [
        z.strictObject({
          kind: z.literal('rw'),
          path: z.string(),
          size: z.int().positive().exactOptional(),
        }),
        z.strictObject({ kind: z.literal('tmp'), path: z.string(), size: z.int().positive() }),
        z.strictObject({ kind: z.literal('ro'), hostPath: z.string(), path: z.string() }),
      ]),
    ),
  compare: compareMounts,
  exposure(mounts) {
    const hostPaths = mounts.flatMap((mount) => (mount.kind === 'ro' ? [mount.hostPath] : []));
    const writable = mounts.filter(({ kind }) => kind !== 'ro');
    const unlimited = writable.some((mount) => mount.kind === 'rw' && mount.size === undefined);
    const points = 0.1 * writable.length + (unlimited ? 0.3 : 0);
    return [
      exposureRow('host paths', 1, 0.4 * hostPaths.length, hostPaths.join(', ') || 'none'),
      exposureRow('writable places', 0.5, points, writable.map(({ path }) => path).join(', ') || 'none'),
    ];
  },
  readBack: ['mounts'],
  summary: (mounts) => mounts.map(formatMount).join(', ') || 'none',
};

function readMount(words: readonly Word[], report: Report): JailMount | undefined {
  const [kind, path, ...rest] = words;
  if (kind === undefined) return undefined;
  if (kind.text !== 'rw' && kind.text !== 'tmp' && kind.text !== 'ro') {
    const meant = didYouMean(kind.text, ['rw', 'tmp', 'ro']);
    report('jail-field-invalid', `"${kind.text}" is not a kind of mount${meant}; ${allowed}`, kind);
    return undefined;
  }
  if (path === undefined) {
    report('jail-field-invalid', `${kind.text} without a path; ${allowed}`, kind);
    return undefined;
  }
  if (!reportPath(path.text, path, report)) return undefined;
  if (kind.text === 'ro') return readHostMount(path, rest, report);
  const size = readSizeOption(rest, report);
  if (size === undefined) return undefined;
  if (kind.text === 'tmp') return { kind: 'tmp', path: path.text, size: size ?? defaultTmpfsSize };
  return size === null ? { kind: 'rw', path: path.text } : { kind: 'rw', path: path.text, size };
}

function readHostMount(hostPath: Word, rest: readonly Word[], report: Report): JailMount | undefined {
  const [target = hostPath, extra] = rest;
  if (extra !== undefined) {
    report('jail-field-invalid', `"${extra.text}" is one word too many; ${allowed}`, extra);
    return undefined;
  }
  if (!reportPath(target.text, target, report)) return undefined;
  return { kind: 'ro', hostPath: hostPath.text, path: target.text };
}

function formatMount(mount: JailMount): string {
  if (mount.kind === 'ro')
    return mount.hostPath === mount.path ? `ro ${mount.path}` : `ro ${mount.hostPath} ${mount.path}`;
  const size = mount.size === undefined ? '' : ` size=${formatSize(mount.size)}`;
  return `${mount.kind} ${mount.path}${size}`;
}

/** A mount of another size is one change, not one lost and another gained. */
function compareMounts(before: readonly JailMount[], after: readonly JailMount[]): FieldChange[] {
  const [old, now] = [mountsByPlace(before), mountsByPlace(after)];
  const unpaired = compareItems(
    before.filter((mount) => !now.has(placeOf(mount))),
    after.filter((mount) => !old.has(placeOf(mount))),
    formatMount,
  );
  const resized = [...now].flatMap(([place, mount]) => {
    const other = old.get(place);
    return other === undefined ? [] : compareAmounts(other, mount, sizeOf, formatMount);
  });
  return [...unpaired, ...resized];
}

function mountsByPlace(mounts: readonly JailMount[]): Map<string, JailMount> {
  return new Map(mounts.map((mount) => [placeOf(mount), mount]));
}

function placeOf(mount: JailMount): string {
  return [mount.kind, mount.path, mount.kind === 'ro' ? mount.hostPath : ''].join('\n');
}

/** A volume without a size is bounded by the host alone. */
function sizeOf(mount: JailMount): number {
  return mount.kind === 'ro' ? 0 : (mount.size ?? Number.POSITIVE_INFINITY);
}
