import { capabilityNames } from '../control/capabilities.ts';
import { syscallName, syscallNumber } from '../kernel/syscall-numbers.ts';
import type { KernelRule } from '../observe/kernel-rule.ts';
import { ruleKinds } from '../observe/kernel-rule.ts';
import { type ActingRule, heaviest } from './combine.ts';

const kinds = {
  'syscall-refused': ruleKinds.call,
  'capability-denied': ruleKinds.capability,
  'host-capability-denied': ruleKinds.hostCapability,
  'program-outside': ruleKinds.outside,
} as const;

const SIGKILL = 9;
const SIGSTOP = 19;
const any = 0xffff_ffff;

/** Rules as the BPF programs look them up, with the same ids. */
export function kernelRules(rules: readonly ActingRule[]): KernelRule[] {
  return rules.flatMap(({ id, on, value, acts }) =>
    numbersOf(on, value).map((number) => ({ kind: kinds[on], value: number, signal: signalOf(acts), id })),
  );
}

/** freeze stops the process at once; the agent then freezes the jail. */
function signalOf(acts: ActingRule['acts']): number {
  const action = heaviest(acts);
  return action === 'kill' ? SIGKILL : action === 'freeze' ? SIGSTOP : 0;
}

function numbersOf(on: ActingRule['on'], value: string): number[] {
  if (value === 'any') return [any];
  // a call that this architecture does not have cannot be made
  if (on === 'syscall-refused') {
    const number = syscallNumber(value);
    return number === undefined ? [] : [number];
  }
  return [capabilityNames.indexOf(value)];
}

/** What a rule has met with, by the number that the kernel gives: `mount`, `CAP_CHOWN`. */
export function metName(on: ActingRule['on'], value: number): string {
  if (on === 'syscall-refused') return syscallName(value);
  if (on === 'program-outside') return 'a program that is not of the package';
  return capabilityNames[value] ?? `CAP_${value}`;
}
