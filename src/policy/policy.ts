import { wildcardPattern } from '../system/wildcard.ts';
/** What a rule reacts to. */
export const ruleEvents = [
  'syscall-refused',
  'capability-denied',
  'host-capability-denied',
  'program-outside',
] as const;
export type RuleEvent = (typeof ruleEvents)[number];

/** What it does. The order is that of their weight. */
export const ruleActions = ['log', 'alert', 'evidence', 'freeze', 'kill', 'deny'] as const;
export type RuleAction = (typeof ruleActions)[number];

/** One rule of a policy. */
export interface PolicyRule {
  on: RuleEvent;
  /** System calls or capabilities; `any` for all. */
  match: 'any' | readonly string[];
  action: RuleAction;
  /** ms between two reactions of the agent; what happens meanwhile is counted. Absent: everyOf. */
  every?: number | undefined;
  /** Where it was written. */
  file: string;
  line: number;
}

/** What happens when jails do what they should not. */
export interface HostPolicy {
  name: string;
  /** Names of jails, with `*` for any characters. */
  jails: readonly string[];
  /** `observe`: nothing is stopped; what would have been is reported. */
  mode: 'enforce' | 'observe';
  rules: readonly PolicyRule[];
}

/** Whether a policy is for a jail. */
export function appliesTo({ jails }: HostPolicy, jail: string): boolean {
  return jails.some((pattern) => wildcardPattern(pattern).test(jail));
}

/** ms between two reactions of the agent to one rule. */
export function everyOf({ action, every }: PolicyRule): number {
  return every ?? (action === 'evidence' ? 3_600_000 : 10_000);
}

/** `kill on capability-denied CAP_CHOWN`, for people. */
export function ruleText({ on, match, action }: PolicyRule): string {
  return `${action} on ${on}${match === 'any' ? '' : ` ${match.join(' ')}`}`;
}
