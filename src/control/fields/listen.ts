import { countBound } from '../bound.ts';
import { compareItems } from '../compare-values.ts';
import { exposureRow } from '../exposure-row.ts';
import { isNone, listWords, type Report, type Word } from '../field-value.ts';
import type { JailField } from '../jail-field.ts';
import { type ListenPort, parsePort, portJson, portSyntax } from './port.ts';

/** `Jail-Listen` */
export const listenField: JailField<ListenPort[]> = {
  name: 'Listen',
  required: false,
  default: 'none',
  syntax: 'none | PORT/tcp | PORT/udp[, ...]',
  doc: `The ports that the service answers on; connections to all others are refused. Ports below 1024 need no capability: the
jail's network namespace has \`net.ipv4.ip_unprivileged_port_start=0\`.`,
  example: '80/tcp, 53/udp',
  bounds: [countBound('ports', 256)],
  fallback: [],
  parse(field, report) {
    const words = listWords(field);
    if (isNone(words)) return [];
    const ports = words.map((word) => readPort(word, report));
    if (!ports.every((port) => port !== undefined)) return undefined;
    const texts = ports.map(formatPort);
    const twice = texts.findIndex((text, index) => texts.indexOf(text) < index);
    if (twice < 0) return ports;
    report('port-duplicate', `${texts[twice]} is declared twice; each port is declared once`, words[twice]);
    return undefined;
  },
  format: (ports) => (ports.length === 0 ? 'none' : ports.map(formatPort).join(', ')),
  json: (z) => z.array(portJson(z)),
  compare: (before, after) => compareItems(before, after, formatPort),
  exposure: (ports) => [
    exposureRow('ports', 0.1, ports.length > 0 ? 0.1 : 0, ports.map(formatPort).join(', ') || 'none'),
  ],
  readBack: [],
  summary: (ports) => ports.map(formatPort).join(' ') || undefined,
};

function readPort(word: Word, report: Report): ListenPort | undefined {
  const port = parsePort(word.text);
  if (port === undefined) {
    const meant = parsePort(`${word.text}/tcp`) === undefined ? '' : `; did you mean "${word.text}/tcp"?`;
    report(
      'jail-field-invalid',
      `"${word.text}" is not a port${meant}; allowed: none, or ${portSyntax}`,
      word,
    );
  }
  return port;
}

function formatPort({ port, protocol }: ListenPort): string {
  return `${port}/${protocol}`;
}
