import { z } from 'zod';
import { ProdngError } from '../../error/prodng-error.ts';

const entry = z.looseObject({
  name: z.string().optional(),
  version: z.string().optional(),
  resolved: z.string().optional(),
  integrity: z.string().optional(),
  link: z.boolean().optional(),
  /** Old ones are objects. */
  license: z.unknown().optional(),
  inBundle: z.boolean().optional(),
});

const packageLock = z.looseObject({
  lockfileVersion: z.union([z.literal(2), z.literal(3)]),
  packages: z.record(z.string(), entry),
});

/**
 * Checks the parts of a package-lock.json that a build goes by.
 *
 * @throws ProdngError CONFIG
 */
export function parsePackageLock(text: string, file: string): z.infer<typeof packageLock> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ProdngError('CONFIG', `${file}: ${cause instanceof Error ? cause.message : 'no JSON'}`, {
      cause,
    });
  }
  const parsed = packageLock.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new ProdngError(
    'CONFIG',
    `${file}: not a package-lock.json that can be used:\n${z.prettifyError(parsed.error)}`,
    {
      hint: 'lockfileVersion 2 or 3 is needed: npm install --package-lock-only --lockfile-version 3',
    },
  );
}
