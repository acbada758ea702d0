import { ownValue } from '../system/own-value.ts';

const spanUnits: readonly (readonly [RegExp, number])[] = [
  [/^(?:usec|us|µs|μs)$/, 0.001],
  [/^(?:msec|ms)$/, 1],
  [/^(?:seconds|second|sec|s|)$/, 1000],
  [/^(?:minutes|minute|min|m)$/, 60_000],
  [/^(?:hours|hour|hr|h)$/, 3_600_000],
  [/^(?:days|day|d)$/, 86_400_000],
  [/^(?:weeks|week|w)$/, 604_800_000],
];

/** A time span in ms, systemd.time(7): `90`, `5min 20s`; Infinity for `infinity`, undefined when it is none. */
export function parseTimeSpan(text: string): number | undefined {
  if (text.trim() === 'infinity') return Number.POSITIVE_INFINITY;
  const parts = [...text.matchAll(/\s*(\d+(?:\.\d+)?)\s*([a-zµμ]*)\s*/gy)];
  if (parts.length === 0 || parts.map(([all]) => all).join('') !== text) return undefined;
  let total = 0;
  for (const [, digits = '', unit = ''] of parts) {
    const scale = spanUnits.find(([pattern]) => pattern.test(unit))?.[1];
    if (scale === undefined) return undefined;
    total += Number(digits) * scale;
  }
  return Number.isSafeInteger(Math.round(total)) ? Math.round(total) : undefined;
}

const sizeScales: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  K: 2 ** 10,
  M: 2 ** 20,
  G: 2 ** 30,
  T: 2 ** 40,
};

/** Bytes as resource settings write them: `512M`; Infinity for `infinity`, undefined for percentages and the rest. */
export function parseBytes(text: string): number | undefined {
  if (text === 'infinity') return Number.POSITIVE_INFINITY;
  const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?)\s*([BKMGT]?)$/.exec(text) ?? [];
  const scale = digits === '' ? undefined : ownValue(sizeScales, unit);
  if (scale === undefined) return undefined;
  const bytes = Math.floor(Number(digits) * scale);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** One socket that a `Listen...=` setting of a socket unit names, systemd.socket(5). */
export type ListenAddress = { kind: 'port'; port: number; address?: string } | { kind: 'path'; path: string };

/** Reads `80`, `0.0.0.0:80`, `[::]:80`, `/run/x.sock`, `@abstract`; undefined for anything else. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  if (/^[/@]/.test(text)) return { kind: 'path', path: text };
  const [, bracketed, plain, digits = ''] =
    /^(?:\[([0-9a-fA-F:.]+)\](?:%\w+)?:|([0-9.]+):)?(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === '' || port < 1 || port > 65_535) return undefined;
  const address = bracketed ?? plain;
  return { kind: 'port', port, ...(address === undefined ? {} : { address }) };
}
