import { z } from 'zod';

const base64 = z.base64();

/** A DSSE envelope as JSON. Further fields are passed over, as its specification asks. */
export const envelopeSchema = z.object({
  payload: base64,
  payloadType: z.string().min(1),
  signatures: z
    .array(z.object({ keyid: z.string().default(''), sig: base64.min(1) }))
    .min(1)
    .max(64),
});
