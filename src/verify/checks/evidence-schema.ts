import { z } from 'zod';

const hashes = z.array(z.object({ alg: z.string(), content: z.string() })).optional();

/** What is compared of a CycloneDX document; the rest is for other tools. */
export const sbomSchema = z.object({
  bomFormat: z.literal('CycloneDX'),
  metadata: z.object({ component: z.object({ hashes }) }),
  components: z.array(z.object({ name: z.string(), version: z.string().optional(), hashes })),
});

const digest = z.object({ sha256: z.string() });

/** What is compared of an in-toto statement with SLSA provenance. */
export const provenanceSchema = z.object({
  _type: z.literal('https://in-toto.io/Statement/v1'),
  subject: z.array(z.object({ name: z.string(), digest })).min(1),
  predicateType: z.literal('https://slsa.dev/provenance/v1'),
  predicate: z.object({
    buildDefinition: z.object({
      externalParameters: z.object({
        source: z.object({ name: z.string(), version: z.string(), digest }).optional(),
        lock: z.object({ digest }),
      }),
      resolvedDependencies: z.array(z.object({ uri: z.string(), digest })),
    }),
    runDetails: z.object({ builder: z.object({ id: z.string() }) }),
  }),
});
