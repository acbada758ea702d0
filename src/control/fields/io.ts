import { countBound } from '../bound.ts';
import { lineWords, type Report, type Word } from '../field-value.ts';
import type { FieldChange, JailField } from '../jail-field.ts';
import { formatSize, parseSize } from '../quantity.ts';
import { didYouMean } from '../suggest.ts';

/** The keys of cgroup v2's io.max. */
const keys = {
  rbps: 'readBytesPerSecond',
  wbps: 'writeBytesPerSecond',
  riops: 'readOperationsPerSecond',
  wiops: 'writeOperationsPerSecond',
} as const satisfies Record<string, keyof IoLimit>;

type Key = keyof typeof keys;
const keyNames = ['rbps', 'wbps', 'riops', 'wiops'] as const satisfies readonly Key[];

const allowed =
  'allowed: DEVICE and any of rbps=, wbps= (bytes a second), riops=, wiops= (operations a second)';

/** One line of `Jail-Io`: limits for one block device of the host (`8:0` or `/dev/vda`). */
export interface IoLimit {
  device: string;
  readBytesPerSecond?: number;
  writeBytesPerSecond?: number;
  readOperationsPerSecond?: number;
  writeOperationsPerSecond?: number;
}

/** `Jail-Io` */
export const ioField: JailField<IoLimit[]> = {
  name: 'Io',
  required: false,
  default: 'none',
  syntax: 'none | one device a line: DEVICE [rbps=SIZE] [wbps=SIZE] [riops=NUMBER] [wiops=NUMBER]',
  doc: `Limits for a block device of the host, named by its path (\`/dev/vda\`) or number (\`8:0\`), with the keys of
cgroup v2's \`io.max\`: bytes (\`rbps\`, \`wbps\`) and operations (\`riops\`, \`wiops\`) a second.`,
  example: '/dev/vda rbps=10M wbps=10M',
  bounds: [
    countBound('devices', 64),
    {
      what: 'bytes a second',
      unit: 'size',
      least: 1,
      most: 2 ** 40,
      of: (limits) =>
        limits.flatMap(({ readBytesPerSecond: read, writeBytesPerSecond: write }) =>
          [read, write].filter((amount) => amount !== undefined),
        ),
    },
    {
      what: 'operations a second',
      unit: 'count',
      least: 1,
      most: 1_000_000_000,
      of: (limits) =>
        limits.flatMap(({ readOperationsPerSecond: read, writeOperationsPerSecond: write }) =>
          [read, write].filter((amount) => amount !== undefined),
        ),
    },
  ],
  fallback: [],
  parse(field, report) {
    const lines = lineWords(field);
    if (lines.length === 1 && lines[0]?.length === 1 && lines[0][0]?.text === 'none') return [];
    const limits = lines.map((words) => readLimit(words, report));
    if (!limits.every((limit) => limit !== undefined)) return undefined;
    const devices = limits.map((limit) => limit.device);
    const twice = devices.findIndex((device, index) => devices.indexOf(device) < index);
    if (twice < 0) return limits;
    report('jail-field-invalid', `${devices[twice]} is there twice; one line a device`, lines[twice]?.[0]);
    return undefined;
  },
  format: (limits) => (limits.length === 0 ? 'none' : limits.map(formatLimit).join('\n')),
  json: (z) =>
    z.array(
      z.strictObject({
        device: z.string(),
        readBytesPerSecond: z.int().positive().exactOptional(),
        writeBytesPerSecond: z.int().positive().exactOptional(),
        readOperationsPerSecond: z.int().positive().exactOptional(),
        writeOperationsPerSecond: z.int().positive().exactOptional(),
      }),
    ),
  compare: compareLimits,
  exposure: () => [],
  readBack: ['io'],
  summary: (limits) => limits.map(formatLimit).join(', ') || undefined,
};

function readLimit([device, ...settings]: readonly Word[], report: Report): IoLimit | undefined {
  if (device === undefined) return undefined;
  if (
    !/^(?:\/dev\/[\w.:+-]+(?:\/[\w.:+-]+)*|\d{1,4}:\d{1,7})$/.test(device.text) ||
    /\/\.\.?(?:\/|$)/.test(device.text)
  ) {
    report(
      'jail-field-invalid',
      `"${device.text}" is not a device such as /dev/vda or 8:0; ${allowed}`,
      device,
    );
    return undefined;
  }
  const limit: IoLimit = { device: device.text };
  if (settings.length === 0) {
    report('jail-field-invalid', `no limit for ${device.text}; ${allowed}`, device);
    return undefined;
  }
  for (const setting of settings) {
    if (!readSetting(setting, limit, report)) return undefined;
  }
  return limit;
}

function readSetting(setting: Word, limit: IoLimit, report: Report): boolean {
  const [name = '', text = ''] = setting.text.split('=', 2);
  const key = keyNames.find((candidate) => candidate === name);
  if (key === undefined || limit[keys[key]] !== undefined) {
    const what =
      key === undefined ? `"${setting.text}"${didYouMean(name, keyNames)}` : `${key} is there twice`;
    report('jail-field-invalid', `${what}; ${allowed}`, setting);
    return false;
  }
  const value = key.endsWith('bps') ? parseSize(text) : /^\d{1,12}$/.test(text) ? Number(text) : undefined;
  if (value === undefined) {
    report('jail-field-invalid', `"${text}" is not a number; ${allowed}`, setting);
    return false;
  }
  limit[keys[key]] = value;
  return true;
}

function formatLimit(limit: IoLimit): string {
  const settings = keyNames.flatMap((key) => {
    const value = limit[keys[key]];
    if (value === undefined) return [];
    return [`${key}=${key.endsWith('bps') ? formatSize(value) : value}`];
  });
  return [limit.device, ...settings].join(' ');
}

/** A limit that is gone, or higher, lets the jail do more. */
function compareLimits(before: readonly IoLimit[], after: readonly IoLimit[]): FieldChange[] {
  const devices = new Set([...before, ...after].map(({ device }) => device));
  return [...devices].flatMap((device) => {
    const of = (limits: readonly IoLimit[]): IoLimit =>
      limits.find((limit) => limit.device === device) ?? { device };
    const [old, now] = [of(before), of(after)];
    const steps = Object.values(keys).map((key) =>
      Math.sign((now[key] ?? Infinity) - (old[key] ?? Infinity) || 0),
    );
    if (steps.every((step) => step === 0)) return [];
    const kind = steps.some((step) => step > 0) ? 'gained' : 'lost';
    return [{ kind, old: formatLimit(old), new: formatLimit(now) }];
  });
}
