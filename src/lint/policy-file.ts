import { ProdngError } from '../error/prodng-error.ts';
import { readRegularFile } from '../system/regular-file.ts';
import type { Policy } from './policy.ts';

/** The file of `prodng lint --policy`. It loads zod and all tags only when a policy is read. */
export async function lintPolicySchema() {
  const { z } = await import('zod');
  const { parseSize } = await import('../control/quantity.ts');
  const { canonicalCapability } = await import('../control/capabilities.ts');
  const { tags } = await import('./tags.ts');
  const ids = new Set(tags.map(({ id }) => id));
  const size = z.string().transform((text, context) => {
    const bytes = parseSize(text);
    if (bytes !== undefined) return bytes;
    context.addIssue({ code: 'custom', message: 'not a size, such as 512M' });
    return z.NEVER;
  });
  const capability = z.string().transform((text, context) => {
    const name = canonicalCapability(text);
    if (name !== undefined) return name;
    context.addIssue({ code: 'custom', message: 'not a capability of capabilities(7)' });
    return z.NEVER;
  });
  const tag = z.string().refine((id) => ids.has(id), 'no such tag; see prodng lint --list-tags');
  const strings = z.array(z.string().min(1)).readonly();
  const severity = z.enum(['error', 'warning', 'info', 'pedantic', 'off']);
  return z.strictObject({
    format: z.literal(1).describe('Version of the format'),
    capabilities: z
      .strictObject({
        forbidden: z.array(capability).readonly().describe('Capabilities that no jail may declare'),
      })
      .exactOptional(),
    networks: z
      .strictObject({
        allowed: z
          .array(z.enum(['none', 'loopback', 'macvlan']))
          .readonly()
          .describe('Allowed values of Jail-Network'),
      })
      .exactOptional(),
    limits: z
      .strictObject({
        required: z
          .array(z.enum(['Memory', 'Cpu', 'Pids', 'Io']))
          .readonly()
          .exactOptional()
          .describe('Limits that every jail must declare itself'),
        memory: size.exactOptional().describe('Highest Jail-Memory, such as 2G'),
        cpu: z.number().int().positive().exactOptional().describe('Highest Jail-Cpu, in percent of one CPU'),
        pids: z.number().int().positive().exactOptional().describe('Highest Jail-Pids'),
      })
      .exactOptional(),
    hostPaths: z
      .strictObject({
        allowed: strings.describe('Host paths that ro mounts may show, with everything below them'),
      })
      .exactOptional(),
    archives: z
      .strictObject({
        allowedOrigins: strings.describe(
          'Archives that packages may come from: Origin of the Release file, as in the lock',
        ),
      })
      .exactOptional(),
    signatures: z
      .strictObject({
        required: z
          .array(z.string().regex(/^[a-z]+$/))
          .readonly()
          .describe('Types of debsigs signatures that a .deb must carry; prodng verify checks them'),
      })
      .exactOptional(),
    tags: z
      .record(tag, severity)
      .readonly()
      .exactOptional()
      .describe('Severity of tags, by tag; off turns a tag off'),
    overrides: z
      .strictObject({
        allowed: z.boolean().exactOptional().describe('false forbids all overrides'),
        forbiddenTags: z.array(tag).readonly().exactOptional().describe('Tags that no source may override'),
      })
      .exactOptional(),
  });
}

/**
 * Reads a site's rules: JSON, `"format": 1`.
 *
 * @param file the name that errors carry
 * @throws ProdngError CONFIG with every fault
 */
export async function parsePolicy(text: string, file: string): Promise<Policy> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ProdngError(
      'CONFIG',
      `${file}: not JSON: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  const result = (await lintPolicySchema()).safeParse(value);
  if (!result.success) {
    const faults = result.error.issues.map((issue) => {
      // zod reports only that a key is invalid; the reason is in the nested issue
      const message = issue.code === 'invalid_key' ? issue.issues[0]?.message : undefined;
      return `  ${issue.path.length === 0 ? '(whole file)' : issue.path.join('.')}: ${message ?? issue.message}`;
    });
    throw new ProdngError('CONFIG', `${file}: not a policy:\n${faults.join('\n')}`, {
      hint: 'docs/lint-policy.md describes the file',
    });
  }
  const { format: _, ...policy } = result.data;
  return policy;
}

/**
 * Reads a policy file.
 *
 * @throws ProdngError IO, CONFIG
 */
export async function readPolicy(path: string): Promise<Policy> {
  const bytes = readRegularFile(path);
  if (bytes === undefined) throw new ProdngError('IO', `${path}: cannot be read: no such file or directory`);
  return await parsePolicy(bytes.toString(), path);
}
