import { type Explanation, explain, explanations, notWorkingBecause } from './explanations.ts';
import type { FieldFinding, FieldResult } from './wrap.ts';

function serious({ findings }: FieldResult): FieldFinding[] {
  return findings.filter(({ severity }) => severity === 'error' || severity === 'warning');
}

/** The errors and warnings that no explanation covers. */
export function unexplained(results: readonly FieldResult[]): { name: string; finding: FieldFinding }[] {
  return results.flatMap((result) =>
    serious(result)
      .filter((finding) => explain(result.name, finding) === undefined)
      .map((finding) => ({ name: result.name, finding })),
  );
}

/** docs/field-bench.md */
export function fieldReport(results: readonly FieldResult[]): string {
  const clean = results.filter(
    (result) => result.failed === undefined && serious(result).length === 0,
  ).length;
  const asked = results.filter(({ works }) => works !== undefined);
  const working = asked.filter(({ works }) => works?.matches === true).length;
  const used = explanations.filter((one) => results.some((result) => uses(result, one)));
  return `# Field bench

<!-- Made by \`npm run field\` from test/field/. Do not edit. -->

${results.length} services and tools of the Debian archive, wrapped with \`prodng new debian-service NAME --set package=PACKAGE\` and
nothing else said (tools: with their command), built, linted as source and as .deb, and asked something from outside of
their jail. ${clean} of ${results.length} have no error or warning; ${working} of the ${asked.length} that were asked gave the answer that
the bench waits for.

That answer shows that the service runs and can be reached, not that it does all of its work: lighttpd answers 403 because
there is no page yet, proxies refuse a request that is none for them, DNS servers repeat the question, and tools only print
their version or a result.

| package | what the unit, package and manual give as command | comments | errors, warnings | in its jail |
|---|---|---|---|---|
${results.map(row).join('\n')}

*Comments* are lines of debian/control that name what of the unit a jail cannot say.

## What lint says, and why

Every error and warning that is left, once for each kind. *True* means that it says something about the package that
whoever deploys it must decide on; *mistaken* means that lint is wrong.

${used.map((one) => section(one, results)).join('\n\n')}

## What does not answer as proposed

${results.flatMap(notWorking).join('\n')}
`;
}

function row(result: FieldResult): string {
  const { name, command, comments, works, failed } = result;
  const tags = [...new Set(serious(result).map(({ tag }) => tag))].join(', ') || 'none';
  const answer =
    failed !== undefined
      ? 'not built'
      : works === undefined
        ? 'not asked'
        : works.matches
          ? `answers \`${works.answer.slice(0, 24).replaceAll('|', '\\|')}\``
          : 'does not answer';
  return `| ${name} | \`${command.replaceAll('|', '\\|')}\` | ${comments} | ${tags} | ${answer} |`;
}

function uses(result: FieldResult, one: Explanation): boolean {
  return serious(result).some((finding) => explain(result.name, finding) === one);
}

function section(one: Explanation, results: readonly FieldResult[]): string {
  const names = results.filter((result) => uses(result, one)).map(({ name }) => name);
  const examples = results
    .flatMap((result) => serious(result).filter((finding) => explain(result.name, finding) === one))
    .slice(0, 2)
    .map(({ message }) => `- \`${message.replaceAll('`', "'")}\``);
  return `### ${one.tag} (${one.verdict}): ${names.join(', ')}\n\n${one.text}\n\n${examples.join('\n')}`;
}

function notWorking({ name, works, failed }: FieldResult): string[] {
  if (failed !== undefined) return [`- **${name}**: ${oneLine(failed)}`];
  if (works === undefined || works.matches) return [];
  return [
    `- **${name}**: ${notWorkingBecause[name] ?? `nobody knows yet: ${oneLine(lastLines(works.log))}`}`,
  ];
}

function lastLines(log: string): string {
  return log.trim().split('\n').slice(-2).join(' / ');
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim().slice(0, 300);
}
