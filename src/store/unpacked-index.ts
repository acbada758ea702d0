import { z } from 'zod';

const count = z.int().min(0);

const entry = z.strictObject({
  path: z.string().min(1),
  type: z.enum(['file', 'directory', 'symlink', 'hardlink', 'character', 'block', 'fifo']),
  mode: count.max(0o7777),
  uid: count,
  gid: count,
  uname: z.string(),
  gname: z.string(),
  mtime: z.int(),
  size: count,
  linkPath: z.string(),
  offset: count,
});

const index = z.strictObject({
  size: count,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  entries: z.array(entry),
});

/** What an index of an unpacked tar says, or undefined if it is foreign or damaged: it is then recreated. */
export function parseUnpackedIndex(text: string): z.infer<typeof index> | undefined {
  try {
    return index.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
