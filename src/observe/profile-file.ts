import { ProdngError, reasonOf } from '../error/prodng-error.ts';
import { readRegularFile } from '../system/regular-file.ts';
import { type Profile, profileSchema } from './profile.ts';

/** A record of everything the maps have room for is smaller. */
const mostBytes = 128 << 20;

/** @throws ProdngError PROFILE when it is none, IO when it cannot be read */
export function readProfileFile(path: string): Profile {
  const bytes = readRegularFile(path, mostBytes);
  if (bytes === undefined) throw new ProdngError('IO', `${path}: no such file`);
  return parseProfile(bytes.toString('utf8'), path);
}

/**
 * Parses the text of a profile.
 *
 * @param file its name, for errors
 * @throws ProdngError PROFILE
 */
export function parseProfile(text: string, file: string): Profile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ProdngError('PROFILE', `${file}: not JSON: ${reasonOf(error)}`, { cause: error, hint });
  }
  const parsed = profileSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue === undefined || issue.path.length === 0 ? '' : ` ${issue.path.join('.')}:`;
    throw new ProdngError('PROFILE', `${file}:${where} ${issue?.message ?? 'not a profile'}`, { hint });
  }
  const known = new Set(parsed.data.programs.map(({ id }) => id));
  for (const kind of ['capabilities', 'calls', 'files', 'connections'] as const)
    for (const { program } of parsed.data[kind])
      if (program !== 0 && !known.has(program))
        throw new ProdngError('PROFILE', `${file}: ${kind}: it has no program ${program}`, { hint });
  return parsed.data;
}

const hint = 'record one: prodng run FILE.deb --record FILE';
