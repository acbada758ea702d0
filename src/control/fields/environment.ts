import { longestArgument } from '../bound.ts';
import { compareNamed } from '../compare-values.ts';
import type { JailField } from '../jail-field.ts';

/** `Jail-Environment` */
export const environmentField: JailField<Record<string, string>> = {
  name: 'Environment',
  required: false,
  default: 'empty',
  syntax: 'NAME=value, one a line',
  doc: `The service's environment; nothing of the host's or of the starter's comes through. The value is everything after the
\`=\` up to the end of the line, without blanks at its end; quotes are part of it. ProdNG itself sets \`PATH\`, \`HOME\`,
\`USER\` and \`LANG\` when they are not named here.`,
  example: 'LANG=C.UTF-8\nHELLO_PORT=8080',
  bounds: [
    {
      what: 'variables',
      unit: 'count',
      least: 0,
      most: 512,
      of: (variables) => [Object.keys(variables).length],
    },
    {
      what: 'bytes of a variable',
      unit: 'count',
      least: 0,
      most: longestArgument,
      of: (variables) =>
        Object.entries(variables).map(([name, value]) => Buffer.byteLength(`${name}=${value}`)),
    },
  ],
  fallback: {},
  parse(field, report) {
    const variables = new Map<string, string>();
    let valid = true;
    for (const { text, line, column } of field.lines()) {
      const assignment = text.trim();
      if (assignment === '') continue;
      const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/.exec(assignment) ?? [];
      const place = { line, column: column + text.length - text.trimStart().length };
      if (name === undefined || value === undefined) {
        valid = false;
        report(
          'jail-field-invalid',
          `"${assignment}" is not NAME=value; allowed names: letters, digits and _, not starting with a digit`,
          place,
        );
      } else if (variables.has(name)) {
        valid = false;
        report('environment-duplicate', `${name} is set twice; each variable is set once`, place);
      } else variables.set(name, value);
    }
    return valid ? Object.fromEntries(variables) : undefined;
  },
  format: (variables) =>
    Object.entries(variables)
      .map(([name, value]) => `${name}=${value}`)
      .join('\n'),
  json: (z) => z.record(z.string(), z.string()),
  compare: (before, after) => compareNamed(before, after, (name, value) => `${name}=${value}`),
  exposure: () => [],
  readBack: [],
  summary: (variables) => Object.keys(variables).join(' ') || undefined,
};
