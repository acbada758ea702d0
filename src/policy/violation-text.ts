import type { Violation } from '../observe/kernel-rule.ts';
import type { ActingRule } from './combine.ts';
import { metName } from './kernel-rules.ts';
import { ruleText } from './policy.ts';

/** One line for people: what happened, how often, and what was done. */
export function violationText(
  rules: readonly ActingRule[],
  { rule: id, value, count, pid }: Violation,
): string {
  const acting = rules.find((rule) => rule.id === id);
  if (acting === undefined) return `a rule ${id} that the policy does not have`;
  const did = acting.acts.map(({ mode, rule }) => {
    const what = mode === 'observe' ? `would: ${ruleText(rule)}` : ruleText(rule);
    return `${what} (${rule.file}:${rule.line})`;
  });
  const often = count === 1 ? '' : `, ${count} times`;
  return `${happened(acting.on, value)}${often}, first by process ${pid}: ${did.join('; ')}`;
}

function happened(on: ActingRule['on'], value: number): string {
  const what = metName(on, value);
  return {
    'syscall-refused': `the system call ${what} was refused`,
    'capability-denied': `${what} was denied`,
    'host-capability-denied': `${what} was denied on the host`,
    'program-outside': `${what} was executed`,
  }[on];
}
