import type { Profile } from '../observe/profile.ts';
import { actingRule } from './combine.ts';
import type { HostPolicy, PolicyRule, RuleEvent } from './policy.ts';

/** What a rule would have met with in a record. */
export interface Rehearsed {
  rule: PolicyRule;
  /** A system call, a capability or a program. */
  what: string;
  count: number;
}

/** What a policy would have done in a recorded run, in the order of its rules; the first rule for a thing acts. */
export function rehearse(policy: HostPolicy, profile: Profile): Rehearsed[] {
  const events = eventsOf(profile);
  return policy.rules.flatMap((rule) =>
    events
      .filter(({ on, what }) => actingRule(policy.rules, on, what) === rule)
      .map(({ what, count }) => ({ rule, what, count })),
  );
}

interface Event {
  on: RuleEvent;
  what: string;
  count: number;
}

function eventsOf(profile: Profile): Event[] {
  const sums = new Map<string, Event>();
  const add = (on: RuleEvent, what: string, count: number) => {
    if (count === 0) return;
    const key = `${on} ${what}`;
    const before = sums.get(key);
    sums.set(key, { on, what, count: count + (before?.count ?? 0) });
  };
  for (const { call, refused } of profile.calls) add('syscall-refused', call, refused);
  for (const { capability, denied, host } of profile.capabilities) {
    add('capability-denied', capability, denied);
    add('host-capability-denied', capability, host);
  }
  for (const { path, outside, executed } of profile.programs)
    if (outside) add('program-outside', path, executed);
  return [...sums.values()];
}
