import { compareSetting } from '../compare-values.ts';
import { listWords } from '../field-value.ts';
import type { JailField } from '../jail-field.ts';
import { formatDuration, parseDuration } from '../quantity.ts';
import { didYouMean } from '../suggest.ts';

const policies = ['no', 'on-failure', 'always'] as const;
const defaultBackoff = 1000;

/** `Jail-Restart`; `backoff` is ms. */
export interface Restart {
  policy: (typeof policies)[number];
  backoff: number;
}

/** `Jail-Restart` */
export const restartField: JailField<Restart> = {
  name: 'Restart',
  required: false,
  default: 'on-failure backoff=1s',
  syntax: 'no | on-failure | always [backoff=TIME]',
  pattern: '^(no|on-failure|always)\\b',
  doc: `Whether the agent starts the service again when it ends: never, when it failed, or always. The first new start waits
for the back-off; each further failure doubles the wait, up to five minutes.`,
  example: 'always backoff=2s',
  bounds: [
    // the wait never grows beyond five minutes
    { what: 'backoff', unit: 'time', least: 10, most: 300_000, of: ({ backoff }) => [backoff] },
  ],
  fallback: { policy: 'on-failure', backoff: defaultBackoff },
  parse(field, report) {
    const [first, second, third] = listWords(field);
    const policy = policies.find((candidate) => candidate === first?.text);
    if (policy === undefined || third !== undefined) {
      const meant = policy === undefined ? didYouMean(first?.text ?? '', policies) : '';
      report(
        'jail-field-invalid',
        `"${field.value}"${meant}; allowed: ${policies.join(', ')}, each with backoff=TIME if need be`,
        first ?? field,
      );
      return undefined;
    }
    if (second === undefined) return { policy, backoff: defaultBackoff };
    const backoff = parseDuration(/^backoff=(.+)$/.exec(second.text)?.[1] ?? '');
    if (backoff !== undefined) return { policy, backoff };
    report('jail-field-invalid', `"${second.text}"; allowed: backoff=TIME, such as backoff=1s`, second);
    return undefined;
  },
  format: formatRestart,
  json: (z) => z.strictObject({ policy: z.enum(policies), backoff: z.int().positive() }),
  compare: (before, after) => compareSetting(formatRestart(before), formatRestart(after)),
  exposure: () => [],
  readBack: [],
  summary: () => undefined,
};

function formatRestart({ policy, backoff }: Restart): string {
  return `${policy} backoff=${formatDuration(backoff)}`;
}
