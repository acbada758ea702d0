import { z } from 'zod';

/** The variables that every template may use without declaring them. */
export const builtInNames = ['name', 'maintainer', 'date', 'year', 'architecture'] as const;

const variableSchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9_]*$/, 'a-z, 0-9 and _, starting with a letter'),
  description: z.string().min(1),
  /** Itself a template, of the built-in variables and those declared before this one. */
  default: z.string().optional(),
  /** A regular expression that the whole value must match. */
  pattern: z.string().refine(isRegularExpression, 'no valid regular expression').optional(),
  /** What the pattern means, for people. */
  allowed: z.string().optional(),
  /** Whether there must be a value; without one and without a default the variable is the empty string. */
  required: z.boolean().default(false),
  /** The variable that this one must differ from: a package cannot depend on itself. */
  differs: z.string().optional(),
});

/** The contents of template.json. */
export const manifestSchema = z
  .strictObject({
    description: z.string().min(1),
    variables: z.array(variableSchema).default([]),
    /** What else fills the template: `systemd-unit` reads the unit of the variable `package`. */
    proposes: z.literal('systemd-unit').optional(),
    /** What to do with the rendered folder, a line each; templates of all variables. */
    next: z.array(z.string()).default([]),
  })
  .superRefine(({ variables }, context) => {
    const seen = new Set<string>(builtInNames);
    for (const [index, { name, differs }] of variables.entries()) {
      const fault = (message: string) =>
        context.addIssue({ code: 'custom', message, path: ['variables', index] });
      if (seen.has(name)) fault(`${name}: there is a variable of this name already`);
      if (differs !== undefined && !seen.has(differs))
        fault(`differs: no variable ${differs} before this one`);
      seen.add(name);
    }
  });

export type Manifest = z.infer<typeof manifestSchema>;
export type TemplateVariable = Manifest['variables'][number];

function isRegularExpression(text: string): boolean {
  try {
    return new RegExp(text, 'u') instanceof RegExp;
  } catch {
    return false;
  }
}
