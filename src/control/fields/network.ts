import { compareAmounts } from '../compare-values.ts';
import { exposureRow } from '../exposure-row.ts';
import type { JailField } from '../jail-field.ts';
import { readChoice } from './choice.ts';

/** By how much they reach. */
const networks = ['none', 'loopback', 'macvlan'] as const;

/** `Jail-Network` */
export const networkField: JailField<(typeof networks)[number]> = {
  name: 'Network',
  required: false,
  default: 'none',
  syntax: 'none | loopback | macvlan',
  choices: networks,
  doc: `- \`none\`: a network namespace with nothing in it.
- \`loopback\`: 127.0.0.1 and ::1 of the jail's own; no other host can be reached or can reach it.
- \`macvlan\`: an interface of its own on the host's uplink, with its own address, and loopback.`,
  example: 'macvlan',
  bounds: [],
  fallback: 'none',
  parse: (field, report) => readChoice(field, networks, report),
  format: String,
  json: (z) => z.enum(networks),
  compare: (before, after) => compareAmounts(before, after, (value) => networks.indexOf(value), String),
  exposure: (kind) => [exposureRow('network', 0.9, { none: 0, loopback: 0.1, macvlan: 0.9 }[kind], kind)],
  readBack: [],
  summary: String,
};
