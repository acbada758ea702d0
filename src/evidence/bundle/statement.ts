import { z } from 'zod';
import { statementType } from '../../build/evidence/provenance.ts';
import type { ManifestEntry } from './manifest.ts';

/** The type of the statement's predicate; docs/evidence.md describes it. */
export const evidenceType = 'urn:prodng:evidence:v1';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** What a bundle is signed with: an in-toto statement (v1) over the manifest and each file. */
export const statementSchema = z.object({
  _type: z.literal(statementType),
  subject: z.array(z.object({ name: z.string(), digest: z.object({ sha256 }) })).min(1),
  predicateType: z.literal(evidenceType),
  predicate: z.object({
    id: z.string(),
    jail: z.string(),
    version: z.string(),
    deb: sha256,
    host: z.object({ name: z.string(), boot: z.string(), kernel: z.string() }),
    time: z.iso.datetime(),
    events: z.object({ seq: z.number().int(), hash: sha256 }).optional(),
    /** The hash of the manifest's last line. */
    manifest: sha256,
  }),
});

export type EvidenceStatement = z.infer<typeof statementSchema>;

export function formatStatement(
  begin: Extract<ManifestEntry, { kind: 'begin' }>,
  head: string,
  digests: readonly { name: string; sha256: string }[],
): string {
  const { id, jail, version, deb, host, time, events } = begin;
  const statement: EvidenceStatement = {
    _type: statementType,
    subject: digests.map(({ name, sha256: digest }) => ({ name, digest: { sha256: digest } })),
    predicateType: evidenceType,
    predicate: {
      id,
      jail,
      version,
      deb,
      host,
      time,
      ...(events === undefined ? {} : { events }),
      manifest: head,
    },
  };
  return JSON.stringify(statement);
}
