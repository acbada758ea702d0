import type { Violation } from '../../observe/kernel-rule.ts';
import type { ActingPolicy, ActingRule } from '../../policy/combine.ts';
import { metName } from '../../policy/kernel-rules.ts';
import { everyOf, ruleText } from '../../policy/policy.ts';

/** One thing that a policy has to react to. */
export interface Reaction {
  act: ActingPolicy;
  /** A system call, a capability; several are one. */
  what: string;
  /** How often since the last reaction. */
  count: number;
  /** The first process that did it, as the host counts. */
  pid: number;
}

/** How often each has been reported: by rule, policy and value. It outlives the agent, in the note of the run. */
export type Reported = Record<string, number>;

/** Of more different things than this at once, the rest is summed up. */
const mostNamed = 8;

/**
 * Which reactions are due: for each rule of each policy, what has happened since its last one, unless that was too
 * short ago. What is not due yet stays to be counted.
 *
 * @param reported is brought up to date
 * @param lastOf when a rule of a policy was last reacted to, in ms of the monotonic clock
 * @param isOver everything is due, as the run has ended
 */
export function dueReactions(
  rules: readonly ActingRule[],
  violations: readonly Violation[],
  reported: Reported,
  lastOf: Map<string, number>,
  now: number,
  isOver = false,
): Reaction[] {
  return rules.flatMap((rule) =>
    rule.acts.flatMap((act, index) => {
      const key = `${rule.id}.${index}`;
      const last = lastOf.get(key);
      if (!isOver && last !== undefined && now - last < everyOf(act.rule)) return [];
      const due = since(rule, act, key, violations, reported);
      if (due.length > 0) lastOf.set(key, now);
      return due;
    }),
  );
}

function since(
  rule: ActingRule,
  act: ActingPolicy,
  key: string,
  violations: readonly Violation[],
  reported: Reported,
): Reaction[] {
  const totals = new Map<number, { count: number; pid: number }>();
  for (const { rule: id, value, count, pid } of violations) {
    if (id !== rule.id) continue;
    const before = totals.get(value);
    totals.set(value, { count: count + (before?.count ?? 0), pid: before?.pid ?? pid });
  }
  const fresh: Reaction[] = [];
  for (const [value, { count, pid }] of totals) {
    const before = reported[`${key}.${value}`] ?? 0;
    if (count <= before) continue;
    reported[`${key}.${value}`] = count;
    fresh.push({ act, what: metName(rule.on, value), count: count - before, pid });
  }
  if (fresh.length <= mostNamed) return fresh;
  const rest = fresh.slice(mostNamed);
  const count = rest.reduce((sum, each) => sum + each.count, 0);
  return [
    ...fresh.slice(0, mostNamed),
    { act, what: `${rest.length} others`, count, pid: rest[0]?.pid ?? 0 },
  ];
}

/** The event of a reaction, and what it says. */
export function eventOf({ act: { policy, mode, rule }, what, count, pid }: Reaction): {
  kind: 'policy-violation' | 'policy-alert' | 'policy-observed';
  detail: Record<string, string | number>;
} {
  const kind =
    mode === 'observe' ? 'policy-observed' : rule.action === 'alert' ? 'policy-alert' : 'policy-violation';
  const where = `${rule.file}:${rule.line}`;
  return { kind, detail: { policy, rule: ruleText(rule), what, count, pid, action: rule.action, where } };
}
