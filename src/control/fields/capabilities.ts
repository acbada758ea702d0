import { ownValue } from '../../system/own-value.ts';
import { countBound } from '../bound.ts';
import { canonicalCapability, capabilityNames, whyIneffective } from '../capabilities.ts';
import { compareItems } from '../compare-values.ts';
import { exposureRow } from '../exposure-row.ts';
import { isNone, listWords } from '../field-value.ts';
import type { JailField } from '../jail-field.ts';
import { nearest } from '../suggest.ts';

/**
 * What a capability opens in a user namespace, of 3 points in all: its part of the kernel's surface and of what is
 * outside of the jail, not how mighty it is on a host.
 */
const exposurePoints: Readonly<Record<string, number>> = {
  CAP_SYS_ADMIN: 3,
  CAP_NET_ADMIN: 1.5,
  CAP_NET_RAW: 1,
  CAP_SYS_PTRACE: 0.8,
  CAP_SYS_RESOURCE: 0.5,
  CAP_DAC_READ_SEARCH: 0.4,
  CAP_DAC_OVERRIDE: 0.4,
  CAP_SYS_CHROOT: 0.3,
  CAP_SETFCAP: 0.3,
};
const otherCapability = 0.2;

/** `Jail-Capabilities` */
export const capabilitiesField: JailField<string[]> = {
  name: 'Capabilities',
  required: false,
  default: 'none',
  syntax: 'none | CAPABILITY[, CAPABILITY...]',
  doc: `The capabilities(7) the service holds in its own user namespace, with or without \`CAP_\`, in any case. They are
the bounding, permitted, effective and ambient set alike: a service that is not root keeps them.

Capabilities that the kernel checks against the host's user namespace (\`CAP_SYS_TIME\`, \`CAP_SYS_MODULE\`, \`CAP_MKNOD\`,
...) can never work in a jail and are refused. Ports below 1024 need no capability.`,
  example: 'CHOWN, SETUID, SETGID',
  // the kernel has no more
  bounds: [countBound('capabilities', capabilityNames.length)],
  fallback: [],
  parse(field, report) {
    const words = listWords(field);
    if (isNone(words)) return [];
    const declared = new Set<string>();
    let valid = true;
    const refuse = (...[code, message, place]: Parameters<typeof report>) => {
      valid = false;
      report(code, message, place);
    };
    for (const word of words) {
      const name = canonicalCapability(word.text);
      const reason = name === undefined ? undefined : whyIneffective(name);
      if (name === undefined) refuse('capability-unknown', unknownCapability(word.text), word);
      else if (declared.has(name)) refuse('capability-duplicate', `${name} is declared twice`, word);
      else if (reason !== undefined)
        refuse('capability-ineffective', `${name} can never work in a jail: ${reason}; remove it`, word);
      if (name !== undefined) declared.add(name);
    }
    return valid ? [...declared].sort() : undefined;
  },
  format: (names) => (names.length === 0 ? 'none' : names.join(', ')),
  json: (z) => z.array(z.string()),
  compare: (before, after) => compareItems(before, after, String),
  exposure(names) {
    const points = names.reduce((sum, name) => sum + (ownValue(exposurePoints, name) ?? otherCapability), 0);
    return [exposureRow('capabilities', 3, points, names.join(', ') || 'none')];
  },
  readBack: ['capabilities'],
  summary: (names) => names.join(' ') || 'none',
};

function unknownCapability(text: string): string {
  const allowed = 'allowed: none, or names as in capabilities(7)';
  if (text === 'none') return `"none" beside other capabilities; ${allowed}`;
  if (/^(all|\*)$/i.test(text)) return `"${text}" would grant every capability; ${allowed}`;
  const wanted = text.toUpperCase().replace(/^CAP_/, '');
  const suggestion = nearest(
    wanted,
    capabilityNames.map((name) => name.slice('CAP_'.length)),
  );
  const hint = suggestion === undefined ? '' : `; did you mean "CAP_${suggestion}"?`;
  return `"${text}" is not a capability${hint}; ${allowed}`;
}
