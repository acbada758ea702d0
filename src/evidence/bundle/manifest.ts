import { createHash } from 'node:crypto';
import { z } from 'zod';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const time = z.iso.datetime();
const text = z.string().max(4096);

const begin = z.strictObject({
  kind: z.literal('begin'),
  format: z.literal(1),
  /** Names this collection on its host. */
  id: z.string().regex(/^[0-9a-f]{16}$/),
  time,
  jail: text,
  version: text,
  /** SHA-256 of the .deb that the jail was installed from. */
  deb: sha256,
  host: z.strictObject({ name: text, boot: text, kernel: text }),
  prodng: text,
  reason: text.optional(),
  options: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  /** The last record of the host's event log before anything was collected. */
  events: z.strictObject({ seq: z.number().int(), hash: sha256 }).optional(),
});

const file = z.strictObject({
  kind: z.literal('file'),
  path: text,
  size: z.number().int().nonnegative(),
  sha256,
  /** Where the bytes come from: a path of the host or a command. */
  source: text,
  artifact: text,
  time,
});

const missing = z.strictObject({
  kind: z.literal('missing'),
  source: text,
  artifact: text,
  /** The name of an errno, or LIMIT. */
  errno: z.string().max(32),
  why: text.optional(),
  time,
});

const mark = z.strictObject({
  kind: z.literal('mark'),
  what: z.enum(['frozen', 'partly-frozen', 'was-frozen', 'thawed', 'not-running']),
  /** ms that the step took; for `thawed`, for how long the jail was frozen. */
  ms: z.number().nonnegative(),
  time,
});

const end = z.strictObject({
  kind: z.literal('end'),
  files: z.number().int(),
  missing: z.number().int(),
  /** Bytes of all files. */
  bytes: z.number().int(),
  time,
});

/** One line of the manifest, without the chain. */
export type ManifestEntry = z.infer<typeof begin | typeof file | typeof missing | typeof mark | typeof end>;

const chain = { seq: z.number().int().positive(), previous: sha256, hash: sha256 };

/** One line of manifest.jsonl. */
export const manifestLineSchema = z.discriminatedUnion('kind', [
  begin.extend(chain),
  file.extend(chain),
  missing.extend(chain),
  mark.extend(chain),
  end.extend(chain),
]);

export type ManifestLine = z.infer<typeof manifestLineSchema>;

/** What comes before the first line. */
const genesis = '0'.repeat(64);

/** The lines of a manifest as they are made. Each carries the hash of the one before it. */
export class ManifestChain {
  readonly lines: string[] = [];
  #previous = genesis;

  append(entry: ManifestEntry): void {
    const unhashed = { seq: this.lines.length + 1, ...entry, previous: this.#previous };
    const hash = hashOf(JSON.stringify(unhashed));
    this.lines.push(JSON.stringify({ ...unhashed, hash }));
    this.#previous = hash;
  }

  /** The hash of the last line. */
  get head(): string {
    return this.#previous;
  }

  toBuffer(): Buffer {
    return Buffer.from(this.lines.map((line) => `${line}\n`).join(''));
  }
}

/** What is wrong with a manifest, and the lines up to there. */
export interface ReadManifest {
  lines: ManifestLine[];
  /** The first line that is not as it was written, from 1. */
  broken?: { line: number; why: string };
}

/** Reads a manifest and checks its chain. Never throws: what is wrong is part of the answer. */
export function readManifest(bytes: Buffer): ReadManifest {
  const lines: ManifestLine[] = [];
  const texts = bytes.toString('utf8').split('\n');
  const broken = (why: string): ReadManifest => ({ lines, broken: { line: lines.length + 1, why } });
  if (texts.pop() !== '') return broken('the last line is cut off');
  let previous = genesis;
  for (const line of texts) {
    const parsed = parseLine(line);
    if (parsed === undefined) return broken('it is not a line of a manifest');
    if (parsed.seq !== lines.length + 1 || parsed.previous !== previous)
      return broken('it does not follow the line before it');
    const end = `,"hash":"${parsed.hash}"}`;
    if (!line.endsWith(end) || hashOf(`${line.slice(0, -end.length)}}`) !== parsed.hash)
      return broken('it was edited');
    previous = parsed.hash;
    lines.push(parsed);
  }
  if (lines[0]?.kind !== 'begin') return broken('it does not begin with "begin"');
  if (lines.at(-1)?.kind !== 'end') return broken('its end is missing');
  return { lines };
}

function parseLine(line: string): ManifestLine | undefined {
  try {
    return manifestLineSchema.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
