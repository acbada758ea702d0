import { capabilityNames } from '../control/capabilities.ts';
import { syscallNumber } from '../kernel/syscall-numbers.ts';
import type { KernelRule } from '../observe/kernel-rule.ts';
import type { HostPolicy, PolicyRule } from './policy.ts';

const kinds = {
  'syscall-refused': 1,
  'capability-denied': 2,
  'host-capability-denied': 3,
  'program-outside': 4,
} as const;

const SIGKILL = 9;
const any = 0xffff_ffff;

/** The rules of a policy as the BPF programs look them up. Their ids are their places, from 1. */
export function kernelRules({ rules, mode }: HostPolicy): KernelRule[] {
  return rules.flatMap((rule, index) =>
    valuesOf(rule).map((value) => ({
      kind: kinds[rule.on],
      value,
      signal: mode === 'enforce' && rule.action === 'kill' ? SIGKILL : 0,
      id: index + 1,
    })),
  );
}

function valuesOf({ on, match }: PolicyRule): number[] {
  if (match === 'any') return [any];
  // a call that this architecture does not have cannot be made
  return match.flatMap((name) =>
    on === 'syscall-refused' ? (syscallNumber(name) ?? []) : capabilityNames.indexOf(name),
  );
}
