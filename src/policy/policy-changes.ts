import { actingRule } from './combine.ts';
import {
  everyOf,
  type HostPolicy,
  type PolicyRule,
  type RuleEvent,
  ruleActions,
  ruleEvents,
} from './policy.ts';

/** A difference between two versions of a policy. */
export interface PolicyChange {
  /** `syscall-refused mount: kill -> log` */
  text: string;
  /** Less is prevented or reported than before. */
  weaker: boolean;
}

/** What a policy does otherwise than before, by what it does for each thing that either version names. */
export function policyChanges(before: HostPolicy, after: HostPolicy): PolicyChange[] {
  const mode =
    before.mode === after.mode
      ? []
      : [{ text: `Mode: ${before.mode} -> ${after.mode}`, weaker: after.mode === 'observe' }];
  return [
    ...mode,
    ...jailChanges(before, after),
    ...ruleEvents.flatMap((on) => ruleChanges(on, before, after)),
  ];
}

function jailChanges(before: HostPolicy, after: HostPolicy): PolicyChange[] {
  const added = after.jails.filter((jail) => !before.jails.includes(jail));
  const removed = before.jails.filter((jail) => !after.jails.includes(jail));
  return [
    ...added.map((jail) => ({ text: `Jails: + ${jail}`, weaker: false })),
    ...removed.map((jail) => ({ text: `Jails: - ${jail}`, weaker: !after.jails.includes('*') })),
  ];
}

function ruleChanges(on: RuleEvent, before: HostPolicy, after: HostPolicy): PolicyChange[] {
  const named = [before, after].flatMap(({ rules }) =>
    rules.flatMap((rule) => (rule.on === on && rule.match !== 'any' ? rule.match : [])),
  );
  return [...new Set(named)]
    .sort()
    .concat('any')
    .flatMap((what) => {
      const [was, is] = [actingRule(before.rules, on, what), actingRule(after.rules, on, what)];
      const [weightWas, weightIs] = [weightOf(was), weightOf(is)];
      if (weightWas !== weightIs)
        return [
          {
            text: `${on} ${what}: ${was?.action ?? 'nothing'} -> ${is?.action ?? 'nothing'}`,
            weaker: weightIs < weightWas,
          },
        ];
      if (was === undefined || is === undefined || everyOf(was) === everyOf(is)) return [];
      const [everyWas, everyIs] = [everyOf(was) / 1000, everyOf(is) / 1000];
      return [{ text: `${on} ${what}: Every ${everyWas}s -> ${everyIs}s`, weaker: everyIs > everyWas }];
    });
}

/** -1 for no rule. */
function weightOf(rule: PolicyRule | undefined): number {
  return rule === undefined ? -1 : ruleActions.indexOf(rule.action);
}
