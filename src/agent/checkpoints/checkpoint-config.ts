import { z } from 'zod';
import { webhookSchema } from '../events/webhook.ts';

const path = z.string().startsWith('/');

/** `checkpoints` of agent.json: where signed heads of the event log are sent. */
export const checkpointConfigSchema = z
  .strictObject({
    interval: z
      .number()
      .int()
      .min(10)
      .max(604_800)
      .default(3600)
      .describe('Seconds between two checkpoints; one equal to the last is not sent'),
    file: path.optional().describe("A file that is only appended to, for instance on another host's disk"),
    webhook: webhookSchema.optional().describe('Send checkpoints by POST'),
    syslog: z
      .strictObject({
        host: z.string().min(1).max(255).describe('Host of the syslog server'),
        port: z.number().int().min(1).max(65_535).default(6514).describe('Its port'),
        authority: path.describe("The authority that must have issued the server's certificate, PEM"),
      })
      .optional()
      .describe('Send checkpoints to syslog: RFC 5424 over TLS, as in RFC 5425'),
  })
  .refine(({ file, webhook, syslog }) => [file, webhook, syslog].some((sink) => sink !== undefined), {
    error: 'name at least one of file, webhook and syslog',
  });

export type CheckpointConfig = z.infer<typeof checkpointConfigSchema>;
