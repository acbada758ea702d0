import { compareSetting } from '../compare-values.ts';
import { listWords } from '../field-value.ts';
import type { JailField } from '../jail-field.ts';
import { durationSyntax, formatDuration, parseDuration } from '../quantity.ts';
import { didYouMean } from '../suggest.ts';

const defaultTimeout = 10_000;

/** signal(7), without SIGSTOP. Node has the list too, in a module that nothing else here needs. */
const signals = (
  'HUP INT QUIT ILL TRAP ABRT IOT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM CHLD STKFLT CONT TSTP TTIN TTOU URG ' +
  'XCPU XFSZ VTALRM PROF WINCH IO POLL PWR SYS'
)
  .split(' ')
  .map((name) => `SIG${name}`);

/** `Jail-Stop`; `timeout` is ms. */
export interface Stop {
  signal: string;
  timeout: number;
}

/** `Jail-Stop` */
export const stopField: JailField<Stop> = {
  name: 'Stop',
  required: false,
  default: 'SIGTERM 10s',
  syntax: 'SIGNAL [TIME]',
  doc: 'How the service is stopped: the signal it gets first (with or without `SIG`), and the time until `SIGKILL`.',
  example: 'SIGQUIT 30s',
  bounds: [{ what: 'time', unit: 'time', least: 1, most: 3_600_000, of: ({ timeout }) => [timeout] }],
  fallback: { signal: 'SIGTERM', timeout: defaultTimeout },
  parse(field, report) {
    const [first, second, third] = listWords(field);
    const wanted = first?.text.toUpperCase() ?? '';
    const signal = signals.find((name) => name === wanted || name === `SIG${wanted}`);
    if (signal === undefined || third !== undefined) {
      const meant = signal === undefined ? didYouMean(wanted, signals) : '';
      report(
        'jail-field-invalid',
        `"${field.value}"${meant}; allowed: a signal(7) other than SIGSTOP and a time, such as SIGTERM 10s`,
        first ?? field,
      );
      return undefined;
    }
    const timeout = second === undefined ? defaultTimeout : parseDuration(second.text);
    if (timeout !== undefined) return { signal, timeout };
    report(
      'jail-field-invalid',
      `"${second?.text ?? ''}" is not a duration; allowed: ${durationSyntax}`,
      second,
    );
    return undefined;
  },
  format: formatStop,
  json: (z) => z.strictObject({ signal: z.string(), timeout: z.int().nonnegative() }),
  compare: (before, after) => compareSetting(formatStop(before), formatStop(after)),
  exposure: () => [],
  readBack: [],
  summary: () => undefined,
};

function formatStop({ signal, timeout }: Stop): string {
  return `${signal} ${formatDuration(timeout)}`;
}
