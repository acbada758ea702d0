import { type ArgvWord, formatArgv, splitArgv } from '../argv.ts';
import { countBound } from '../bound.ts';
import { compareSetting } from '../compare-values.ts';
import type { Report } from '../field-value.ts';
import type { JailField } from '../jail-field.ts';
import { durationSyntax, formatDuration, parseDuration } from '../quantity.ts';
import { portJson } from './port.ts';

const defaultInterval = 30_000;
const defaultTimeout = 5_000;
const allowed =
  'allowed: http://:PORT/PATH, tcp://:PORT, or /PROGRAM ARGUMENTS; then interval=10s timeout=2s';

/** `Jail-Health`; times are ms. */
export type HealthCheck = (
  | { kind: 'http'; url: string; port: number; path: string }
  | { kind: 'tcp'; port: number }
  | { kind: 'command'; argv: string[] }
) & { interval: number; timeout: number };

/** `Jail-Health` */
export const healthField: JailField<HealthCheck | undefined> = {
  name: 'Health',
  required: false,
  default: 'none',
  syntax: 'none | http://:PORT/PATH | tcp://:PORT | PROGRAM [ARGUMENT...] [interval=TIME] [timeout=TIME]',
  doc: `How the agent checks that the service works: an HTTP request that must be answered with a status below 400, a TCP
connection, or a program in the jail that must exit with 0 (quoted as in \`Jail-Command\`). URLs name no host: it is the
jail itself. The defaults are \`interval=30s timeout=5s\`.`,
  example: 'http://:8080/healthz interval=10s timeout=2s',
  bounds: [
    // each check of a command starts a process; times stay far below the 2^31 ms of a timer
    {
      what: 'interval',
      unit: 'time',
      least: 1000,
      most: 24 * 3_600_000,
      of: (check) => (check === undefined ? [] : [check.interval]),
    },
    {
      what: 'timeout',
      unit: 'time',
      least: 10,
      most: 3_600_000,
      of: (check) => (check === undefined ? [] : [check.timeout]),
    },
    { ...countBound('words', 1024), of: (check) => (check?.kind === 'command' ? [check.argv.length] : []) },
  ],
  fallback: undefined,
  parse(field, report) {
    if (field.value === 'none') return undefined;
    const { words, fault } = splitArgv(field.lines());
    if (fault !== undefined) {
      report('jail-field-invalid', `${fault.message}; ${allowed}`, fault);
      return undefined;
    }
    const end = words.findLastIndex((word) => word.quoted || !/^(?:interval|timeout)=/.test(word.text)) + 1;
    const times = readTimes(words.slice(end), report);
    const check = readCheck(words.slice(0, end), report, field);
    return times === undefined || check === undefined ? undefined : { ...check, ...times };
  },
  format: (check) => (check === undefined ? 'none' : formatCheck(check)),
  json(z) {
    const times = { interval: z.int().positive(), timeout: z.int().positive() };
    const port = portJson(z).shape.port;
    return z
      .discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('http'), url: z.string(), port, path: z.string(), ...times }),
        z.strictObject({ kind: z.literal('tcp'), port, ...times }),
        z.strictObject({ kind: z.literal('command'), argv: z.array(z.string()).min(1), ...times }),
      ])
      .optional();
  },
  compare: (before, after) =>
    compareSetting(
      before === undefined ? '' : formatCheck(before),
      after === undefined ? '' : formatCheck(after),
    ),
  exposure: () => [],
  readBack: [],
  summary: (check) => (check === undefined ? undefined : formatCheck(check)),
};

type Times = Pick<HealthCheck, 'interval' | 'timeout'>;

function readTimes(words: readonly ArgvWord[], report: Report): Times | undefined {
  const times = new Map<string, number>();
  for (const word of words) {
    const [name = '', text = ''] = word.text.split('=', 2);
    const duration = parseDuration(text);
    if (duration === undefined || times.has(name)) {
      const what = times.has(name) ? `${name} is there twice` : `"${text}" is not a duration`;
      report('jail-field-invalid', `${what}; allowed: ${durationSyntax}`, word);
      return undefined;
    }
    times.set(name, duration);
  }
  const interval = times.get('interval') ?? defaultInterval;
  return { interval, timeout: times.get('timeout') ?? Math.min(defaultTimeout, interval) };
}

type Check =
  | { kind: 'http'; url: string; port: number; path: string }
  | { kind: 'tcp'; port: number }
  | { kind: 'command'; argv: string[] };

function readCheck(
  words: readonly ArgvWord[],
  report: Report,
  place: { line: number; column: number },
): Check | undefined {
  const [first, second] = words;
  if (first === undefined) {
    report('jail-field-invalid', `nothing to check; ${allowed}`, place);
    return undefined;
  }
  if (first.text.startsWith('/')) return { kind: 'command', argv: words.map((word) => word.text) };
  const [, scheme, digits, path] = /^(http|tcp):\/\/:(\d{1,5})(\/[!-~]*)?$/.exec(first.text) ?? [];
  const port = Number(digits);
  if (scheme === undefined || !(port >= 1 && port <= 65535) || (scheme === 'tcp' && path !== undefined)) {
    report('jail-field-invalid', `"${first.text}" is no health check; ${allowed}`, first);
    return undefined;
  }
  if (second !== undefined) {
    report('jail-field-invalid', `"${second.text}" is one word too many; ${allowed}`, second);
    return undefined;
  }
  if (scheme === 'tcp') return { kind: 'tcp', port };
  return { kind: 'http', url: `http://:${port}${path ?? '/'}`, port, path: path ?? '/' };
}

function formatCheck(check: HealthCheck): string {
  const times = `interval=${formatDuration(check.interval)} timeout=${formatDuration(check.timeout)}`;
  if (check.kind === 'command') return `${formatArgv(check.argv)} ${times}`;
  return `${check.kind === 'http' ? check.url : `tcp://:${check.port}`} ${times}`;
}
