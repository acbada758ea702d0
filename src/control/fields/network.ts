import type { JailDeclaration } from '../jail-declaration.ts';
import type { JailField } from '../jail-field.ts';
import { readChoice } from './choice.ts';

const networks = ['none', 'loopback', 'macvlan'] as const satisfies readonly JailDeclaration['network'][];

/** `Jail-Network` */
export const networkField: JailField<JailDeclaration['network']> = {
  name: 'Network',
  required: false,
  default: 'none',
  syntax: 'none | loopback | macvlan',
  choices: networks,
  doc: `- \`none\`: a network namespace with nothing in it.
- \`loopback\`: 127.0.0.1 and ::1 of the jail's own; nothing else can be reached, nobody else can reach it.
- \`macvlan\`: an interface of its own on the host's uplink, with its own address, and loopback.`,
  example: 'macvlan',
  fallback: 'none',
  parse: (field, report) => readChoice(field, networks, report),
  format: String,
};
