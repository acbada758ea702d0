import { type HostPolicy, type PolicyRule, type RuleEvent, ruleActions, ruleEvents } from './policy.ts';

/** A rule of a policy, with what its policy says of it. */
export interface ActingPolicy {
  policy: string;
  mode: HostPolicy['mode'];
  rule: PolicyRule;
}

/** What all policies of a jail do about one thing. */
export interface ActingRule {
  id: number;
  on: RuleEvent;
  /** A system call or capability, or `any` for those that no other rule names. */
  value: string;
  /** One of each policy that says something of it. */
  acts: ActingPolicy[];
}

/**
 * The rules of several policies for one jail. Each thing that any of them names gets what each of them says of it: within
 * a policy, a rule that names it comes before one for any. So no policy weakens another.
 */
export function combine(policies: readonly HostPolicy[]): ActingRule[] {
  const rules = ruleEvents.flatMap((on) =>
    [...valuesOf(policies, on), 'any'].flatMap((value) => {
      const acts = policies.flatMap((policy) => {
        const rule = actingRule(policy.rules, on, value);
        return rule === undefined ? [] : [{ policy: policy.name, mode: policy.mode, rule }];
      });
      return acts.length === 0 ? [] : [{ on, value, acts }];
    }),
  );
  return rules.map((rule, index) => ({ id: index + 1, ...rule }));
}

function valuesOf(policies: readonly HostPolicy[], on: RuleEvent): string[] {
  const named = policies.flatMap(({ rules }) =>
    rules.flatMap((rule) => (rule.on === on && rule.match !== 'any' ? rule.match : [])),
  );
  return [...new Set(named)].sort();
}

/** The rule of a policy for a thing: the last that names it, else the last for any. */
export function actingRule(
  rules: readonly PolicyRule[],
  on: RuleEvent,
  what: string,
): PolicyRule | undefined {
  const of = rules.filter((rule) => rule.on === on);
  return (
    of.findLast(({ match }) => match !== 'any' && match.includes(what)) ??
    of.findLast(({ match }) => match === 'any')
  );
}

/** The heaviest action in force. */
export function heaviest(acts: readonly ActingPolicy[]): PolicyRule['action'] | undefined {
  const inForce = acts.flatMap(({ mode, rule }) => (mode === 'enforce' ? [rule.action] : []));
  return ruleActions.findLast((action) => inForce.includes(action));
}
