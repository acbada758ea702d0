import { ProdngError } from '../error/prodng-error.ts';
import { ownValue } from '../system/own-value.ts';
import type { TemplateVariable } from './manifest.ts';
import type { Template } from './template.ts';
import type { FillText } from './text-template.ts';

/** A value for every variable of a template, by name. */
export type Values = Record<string, string>;

/**
 * The values of all variables of a template.
 *
 * @param builtIn the variables that every template has
 * @param given what the user said
 * @throws ProdngError TEMPLATE with everything that is wrong with what was given, and the list of variables
 */
export function resolveVariables(
  template: Template,
  builtIn: Readonly<Values>,
  given: Readonly<Values>,
  fill: FillText,
): Values {
  const known = new Set(template.variables.map(({ name }) => name));
  const faults = Object.keys(given)
    .filter((name) => !known.has(name))
    .map((name) => `${name}: ${unknownVariable(name, builtIn)}`);
  const values: Values = { ...builtIn };
  for (const variable of template.variables) {
    const { name } = variable;
    const fallback = fill(
      variable.default ?? '',
      values,
      `${template.dir}/template.json: default of ${name}`,
    );
    const value = Object.hasOwn(given, name) ? (given[name] ?? '') : fallback;
    const fault = faultOf(variable, value, values);
    if (fault !== undefined) faults.push(`${name}: ${fault}`);
    values[name] = value;
  }
  if (faults.length === 0) return values;
  throw new ProdngError('TEMPLATE', `template ${template.name}: ${faults.join('\n  ')}`, {
    hint: describeVariables(template.variables),
  });
}

function unknownVariable(name: string, builtIn: Readonly<Values>): string {
  if (name === 'name') return 'is set with --name';
  return Object.hasOwn(builtIn, name) ? 'is set by prodng itself' : 'no such variable';
}

function faultOf(variable: TemplateVariable, value: string, earlier: Readonly<Values>): string | undefined {
  const { pattern, required, differs } = variable;
  if (value === '') return required ? 'must have a value' : undefined;
  // A line break in a value would begin a new field or stanza.
  if (/\p{Cc}/u.test(value)) return 'holds a control character or line break';
  if (pattern !== undefined && !new RegExp(`^(?:${pattern})$`, 'u').test(value))
    return `"${value}" is not allowed; allowed: ${variable.allowed ?? pattern}`;
  if (differs !== undefined && value === ownValue(earlier, differs))
    return `"${value}" must differ from ${differs}`;
  return undefined;
}

/** The list of a template's variables, for people. */
export function describeVariables(variables: readonly TemplateVariable[]): string {
  if (variables.length === 0) return 'the template has no variables';
  const width = Math.max(...variables.map(({ name }) => name.length));
  const lines = variables.map(
    (variable) =>
      `    ${variable.name.padEnd(width)}  ${variable.description} (${describeDefault(variable)})`,
  );
  return `set variables with --set name=value:\n${lines.join('\n')}`;
}

function describeDefault(variable: TemplateVariable): string {
  if (variable.default !== undefined) return `default: ${variable.default}`;
  return variable.required ? 'required' : 'default: empty';
}
