import { wildcardPattern } from '../system/wildcard.ts';
import type { Finding } from './finding.ts';
import type { Policy } from './policy.ts';
import { type Override, readOverrides } from './read-overrides.ts';
import { tags } from './tags.ts';

/**
 * Marks the findings that overrides accept, and adds those about the overrides themselves: unused, expired, invalid,
 * forbidden. What the policy or the overrides say of overrides cannot be overridden.
 *
 * @param now ms since 1970
 */
export function applyOverrides(
  findings: readonly Finding[],
  source: { file: string; text: string },
  policy: Policy | undefined,
  now: number,
): Finding[] {
  const { file, text } = source;
  const lines = text.split('\n');
  const { overrides, faults } = readOverrides(text, file);
  const about: Finding[] = faults.map(({ line, column, field, message }) =>
    finding('override-invalid', message, {
      file,
      line,
      ...(column === undefined ? {} : { column }),
      ...(field === undefined ? {} : { field }),
    }),
  );
  const open = findings.map((each) => ({ ...each }));
  for (const override of overrides) {
    const place = { file, line: override.line };
    const covered = open.filter((each) => covers(override, each));
    if (isForbidden(override, policy))
      about.push(
        finding('override-forbidden', `the policy forbids to override ${override.tag}`, place, override),
      );
    else if (override.expires !== undefined && override.expires <= now)
      about.push(finding('override-expired', `the override of ${override.tag} has expired`, place, override));
    else if (covered.length === 0)
      about.push(
        finding('override-unused', `there is no ${described(override)} to override`, place, override),
      );
    else for (const each of covered) each.overridden = override.reason;
  }
  return [...open, ...about.map((each) => withText(each, lines))];
}

function covers({ tag, context }: Override, each: Finding): boolean {
  if (each.tag !== tag || each.family === 'overrides' || each.family === 'policy') return false;
  return context === undefined || wildcardPattern(context).test(each.context);
}

function isForbidden({ tag }: Override, policy: Policy | undefined): boolean {
  const rules = policy?.overrides;
  return rules?.allowed === false || (rules?.forbiddenTags ?? []).includes(tag);
}

function described({ tag, context }: Override): string {
  return context === undefined ? tag : `${tag} of ${context}`;
}

function finding(
  id: string,
  message: string,
  place: Pick<Finding, 'file' | 'line' | 'column' | 'field'>,
  override?: Override,
): Finding {
  const tag = tags.find((each) => each.id === id);
  return {
    tag: id,
    family: 'overrides',
    severity: tag?.severity ?? 'error',
    certainty: tag?.certainty ?? 'certain',
    message,
    context: override === undefined ? '' : described(override),
    ...place,
  };
}

function withText(each: Finding, lines: readonly string[]): Finding {
  const text = each.line === undefined ? undefined : lines[each.line - 1];
  return text === undefined ? each : { ...each, text };
}
