import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { declaredSchema } from '../../observe/declared.ts';
import { ruleActions, ruleEvents } from '../../policy/policy.ts';
import { jailNamePattern } from '../state/jail-name.ts';

/** How much is observed of jails. */
export const observeModes = ['base', 'record', 'off'] as const;
export type ObserveMode = (typeof observeModes)[number];

export const policyRuleSchema = z.strictObject({
  on: z.enum(ruleEvents),
  match: z.union([z.literal('any'), z.array(z.string()).readonly()]),
  action: z.enum(ruleActions),
  every: z.number().optional(),
  file: z.string(),
  line: z.number(),
});

/** What policies say of a run: those of its start, whatever becomes of the files. */
const actingRuleSchema = z.strictObject({
  id: z.number().int().positive(),
  on: z.enum(ruleEvents),
  value: z.string(),
  acts: z.array(
    z.strictObject({ policy: z.string(), mode: z.enum(['enforce', 'observe']), rule: policyRuleSchema }),
  ),
});

/** What an agent must know of an observed run that it did not start. It does not outlive a reboot. */
const noteSchema = z.strictObject({
  format: z.literal(1),
  boot: z.string(),
  /** Of the run. */
  id: z.string().regex(/^[a-z0-9][\w+.-]*$/),
  name: z.string().regex(jailNamePattern),
  pid: z.number().int().positive(),
  startTime: z.string(),
  mode: z.enum(observeModes),
  /** Why it is not observed. */
  fault: z.string().optional(),
  /** The inode of its user namespace; 0 when nothing is counted of it. */
  jail: z.number().int().nonnegative(),
  /** The service was executed, and seen to be. */
  confined: z.boolean(),
  rules: z.array(actingRuleSchema),
  /** What of their violations was reported. */
  reported: z.record(z.string(), z.number()),
  /** When mode record becomes base. */
  until: z.iso.datetime().optional(),
  subject: z
    .strictObject({
      package: z.string(),
      version: z.string(),
      sha256: z.string(),
      declared: declaredSchema,
      runtime: z.string(),
      blind: z.array(z.string()),
    })
    .optional(),
});

export type Note = z.infer<typeof noteSchema>;

/** Writes it whole or not at all. */
export function writeNote(folder: string, note: Note): void {
  const file = join(folder, `${note.id}.json`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, JSON.stringify(note), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

export function removeNote(folder: string, id: string): void {
  rmSync(join(folder, `${id}.json`), { force: true });
}

/** Reads the notes of this boot, and removes what is none. */
export function readNotes(folder: string, boot: string): Note[] {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return readdirSync(folder).flatMap((file) => {
    const path = join(folder, file);
    const note = file.endsWith('.json') ? parseNote(path) : undefined;
    if (note !== undefined && note.boot === boot) return [note];
    rmSync(path, { recursive: true, force: true });
    return [];
  });
}

function parseNote(path: string): Note | undefined {
  try {
    return noteSchema.safeParse(JSON.parse(readFileSync(path, 'utf8'))).data;
  } catch {
    return undefined;
  }
}
