import { z } from 'zod';

/** A key of a JSON file, as a reference lists it. */
export interface SchemaRow {
  /** `tls.port`; `networks.NAME.uplink` where any name is allowed. */
  key: string;
  /** `integer from 1 to 100`, `one of a, b`; empty for an object. */
  type: string;
  description: string;
  required: boolean;
  /** As JSON; undefined if there is none. */
  standard?: string | undefined;
}

/** What z.toJSONSchema makes of the schemas of configuration files. */
const nodeSchema = z.looseObject({
  type: z.string().optional(),
  description: z.string().optional(),
  default: z.unknown().optional(),
  const: z.unknown().optional(),
  enum: z.array(z.unknown()).optional(),
  minimum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  maximum: z.number().optional(),
  pattern: z.string().optional(),
  required: z.array(z.string()).optional(),
  get properties() {
    return z.record(z.string(), nodeSchema).optional();
  },
  get additionalProperties() {
    return z.union([z.boolean(), nodeSchema]).optional();
  },
  get items() {
    return z.union([z.boolean(), nodeSchema]).optional();
  },
  get anyOf() {
    return z.array(nodeSchema).optional();
  },
});

type Node = z.infer<typeof nodeSchema>;

/** Every key that a schema of a JSON file allows, in the schema's order. */
export function schemaRows(schema: z.ZodType): SchemaRow[] {
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', target: 'draft-2020-12' });
  return rowsOf(nodeSchema.parse(json), '');
}

function rowsOf(node: Node, prefix: string): SchemaRow[] {
  const { properties = {}, required = [], additionalProperties, items, anyOf = [] } = node;
  const own = Object.entries(properties).flatMap(([name, value]) => {
    const key = `${prefix}${name}`;
    const standard =
      isObject(value) || value.default === undefined ? undefined : JSON.stringify(value.default);
    const row = {
      key,
      type: typeOf(value),
      description: value.description ?? '',
      required: required.includes(name),
      standard,
    };
    return [...(row.description === '' && isObject(value) ? [] : [row]), ...rowsOf(value, `${key}.`)];
  });
  const named =
    typeof additionalProperties === 'object' && isObject(additionalProperties)
      ? rowsOf(additionalProperties, `${prefix}NAME.`)
      : [];
  const each = typeof items === 'object' && isObject(items) ? rowsOf(items, `${prefix.slice(0, -1)}[].`) : [];
  return firstOfEach([...own, ...named, ...each, ...variantRows(anyOf, prefix)]);
}

/** A key is required only if every variant requires it. */
function variantRows(variants: readonly Node[], prefix: string): SchemaRow[] {
  const all = variants.map((one) => rowsOf(one, prefix));
  const required = (key: string) => all.every((rows) => rows.some((row) => row.key === key && row.required));
  return all.flat().map((row) => ({ ...row, required: required(row.key) }));
}

/** The same key in two variants of an object is listed once. */
function firstOfEach(rows: readonly SchemaRow[]): SchemaRow[] {
  return rows.filter(({ key }, at) => rows.findIndex((other) => other.key === key) === at);
}

function isObject({ type, anyOf = [] }: Node): boolean {
  return type === 'object' || (anyOf.length > 0 && anyOf.every(isObject));
}

function typeOf(node: Node): string {
  const { type = '', minimum, exclusiveMinimum, maximum, pattern, items, anyOf = [] } = node;
  if (isObject(node)) return '';
  if (node.const !== undefined) return JSON.stringify(node.const);
  if (node.enum !== undefined) return `one of ${node.enum.map(String).join(', ')}`;
  if (type === 'array') return `list${typeof items === 'object' ? ` of ${plural(typeOf(items))}` : ''}`;
  if (type === 'string' && pattern === '^\\/.*') return 'absolute path';
  if (anyOf.length > 0) return [...new Set(anyOf.map(typeOf))].join(' or ');
  const least = minimum ?? (exclusiveMinimum === undefined ? undefined : exclusiveMinimum + 1);
  const from = least === undefined ? '' : ` from ${least}`;
  const most = maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? '' : ` to ${maximum}`;
  return `${type}${from}${most}`;
}

function plural(type: string): string {
  if (type === '') return 'objects';
  return /^[a-z]+$/.test(type) ? `${type}s` : `(${type})`;
}
