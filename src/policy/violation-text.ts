import { capabilityNames } from '../control/capabilities.ts';
import { syscallName } from '../kernel/syscall-numbers.ts';
import type { Violation } from '../observe/kernel-rule.ts';
import { type HostPolicy, ruleText } from './policy.ts';

/** One line for people: what happened, how often, and what was done. */
export function violationText(policy: HostPolicy, { rule: id, value, count, pid }: Violation): string {
  const rule = policy.rules[id - 1];
  if (rule === undefined) return `a rule ${id} that the policy does not have`;
  const what = {
    'syscall-refused': `the system call ${syscallName(value)} was refused`,
    'capability-denied': `${capabilityNames[value] ?? value} was denied`,
    'host-capability-denied': `${capabilityNames[value] ?? value} was denied on the host`,
    'program-outside': 'a program that is not of the package was executed',
  }[rule.on];
  const did = policy.mode === 'observe' ? `would: ${ruleText(rule)}` : ruleText(rule);
  const often = count === 1 ? '' : `, ${count} times`;
  return `${what}${often}, first by process ${pid}: ${did} (${rule.file}:${rule.line})`;
}
