import { countBound } from '../bound.ts';
import { compareItems } from '../compare-values.ts';
import { exposureRow } from '../exposure-row.ts';
import { isNone, listWords, type Report, type Word } from '../field-value.ts';
import type { JailField } from '../jail-field.ts';
import { didYouMean } from '../suggest.ts';
import { type Protocol, parsePort, portJson } from './port.ts';

const allowed = 'allowed: none, any, dns, or HOST:PORT/tcp, ADDRESS/BITS:PORT/udp, [IPV6]:PORT/tcp';

/** One item of `Jail-Connect`. `host` is a name, an address or a CIDR block. */
export type ConnectRule =
  | { kind: 'any' }
  | { kind: 'dns' }
  | { kind: 'host'; host: string; port: number; protocol: Protocol };

/** `Jail-Connect` */
export const connectField: JailField<ConnectRule[]> = {
  name: 'Connect',
  required: false,
  default: 'none',
  syntax: 'none | any | dns | HOST:PORT/PROTOCOL[, ...]',
  doc: `What the service may connect to; everything else is dropped. HOST is a name, an address or a block of addresses
(\`10.0.0.0/8\`); IPv6 addresses are in brackets (\`[fd00::/8]:443/tcp\`). \`dns\` allows the resolvers that the host gives the jail.
\`any\` allows everything and is for the rare service whose work it is. Names are resolved when the jail starts, and their
addresses are in its /etc/hosts: it needs no \`dns\` for them.`,
  example: 'db.internal:5432/tcp, 10.0.0.0/8:443/tcp, dns',
  bounds: [countBound('rules', 256)],
  fallback: [],
  parse(field, report) {
    const words = listWords(field);
    if (isNone(words)) return [];
    const rules = words.map((word) => readRule(word, report));
    if (!rules.every((rule) => rule !== undefined)) return undefined;
    const texts = rules.map(formatRule);
    const twice = texts.findIndex((text, index) => texts.indexOf(text) < index);
    if (twice >= 0) report('port-duplicate', `${texts[twice]} is declared twice`, words[twice]);
    const anyIndex = texts.indexOf('any');
    const contradicts = anyIndex >= 0 && texts.length > 1;
    if (contradicts)
      report(
        'connect-contradictory',
        '"any" makes the other rules meaningless; keep one or the other',
        words[anyIndex],
      );
    return twice >= 0 || contradicts ? undefined : rules;
  },
  format: (rules) => (rules.length === 0 ? 'none' : rules.map(formatRule).join(', ')),
  json: (z) =>
    z.array(
      z.discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('any') }),
        z.strictObject({ kind: z.literal('dns') }),
        z.strictObject({ kind: z.literal('host'), host: z.string(), ...portJson(z).shape }),
      ]),
    ),
  // "any" covers every other rule, so whatever follows it is no gain
  compare: (before, after) =>
    compareItems(before, after, formatRule).filter(
      ({ kind }) => kind !== 'gained' || !before.some((rule) => rule.kind === 'any'),
    ),
  exposure(rules) {
    if (rules.length === 0) return [exposureRow('egress', 2, 0, 'none')];
    if (rules.some((rule) => rule.kind === 'any')) return [exposureRow('egress', 2, 2, 'any')];
    const hosts = rules.flatMap((rule) => (rule.kind === 'host' ? [rule] : []));
    const points = hosts.reduce((sum, { host }) => sum + (host.includes('/') ? 0.5 : 0.2), 0.2);
    const dns = hosts.length === rules.length ? '' : ', dns';
    return [exposureRow('egress', 2, points, `${hosts.length} rules${dns}`)];
  },
  readBack: [],
  summary: (rules) => rules.map(formatRule).join(' ') || undefined,
};

function readRule(word: Word, report: Report): ConnectRule | undefined {
  if (word.text === 'any' || word.text === 'dns') return { kind: word.text };
  const [, bracketed, plain, portText = ''] =
    /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d+\/\w+)$/.exec(word.text) ?? [];
  const port = parsePort(portText);
  const host = bracketed ?? plain;
  if (host === undefined || port === undefined || !isHost(host, bracketed !== undefined)) {
    const meant = didYouMean(word.text, ['any', 'dns', 'none']);
    report('jail-field-invalid', `"${word.text}" is no rule for connections${meant}; ${allowed}`, word);
    return undefined;
  }
  return { kind: 'host', host: host.toLowerCase(), ...port };
}

function isHost(host: string, bracketed: boolean): boolean {
  const [address = '', bits, extra] = host.split('/');
  if (extra !== undefined) return false;
  // loaded only for those that declare a host: it brings sockets and streams along
  const { isIPv4, isIPv6 } = process.getBuiltinModule('node:net');
  const width = isIPv6(address) && !address.includes('%') ? 128 : isIPv4(address) ? 32 : 0;
  if (bracketed !== (width === 128)) return false;
  if (bits !== undefined) return width > 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= width;
  return width > 0 || isHostName(address);
}

/** RFC 1123, and not all digits in the last label: that is a mistyped address. */
function isHostName(name: string): boolean {
  if (name.length > 253 || /(?:^|\.)\d+$/.test(name)) return false;
  return name.split('.').every((label) => /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i.test(label));
}

function formatRule(rule: ConnectRule): string {
  if (rule.kind !== 'host') return rule.kind;
  const host = rule.host.includes(':') ? `[${rule.host}]` : rule.host;
  return `${host}:${rule.port}/${rule.protocol}`;
}
