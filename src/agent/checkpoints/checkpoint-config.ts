import { z } from 'zod';

const path = z.string().startsWith('/');

/** `checkpoints` of agent.json: where signed heads of the event log are sent. */
export const checkpointConfigSchema = z
  .strictObject({
    /** s between two of them; one that says the same as the last is not sent. */
    interval: z.number().int().min(10).max(604_800).default(3600),
    /** A file that is only appended to, for instance on another host's disk. */
    file: path.optional(),
    webhook: z
      .strictObject({
        url: z.url({ protocol: /^https?$/ }),
        /** A file with the key of the HMAC-SHA256 in the header X-Prodng-Signature. */
        secretFile: path.optional(),
      })
      .optional(),
    /** RFC 5424 over TLS, as RFC 5425 has it. */
    syslog: z
      .strictObject({
        host: z.string().min(1).max(255),
        port: z.number().int().min(1).max(65_535).default(6514),
        /** PEM: who must have issued the server's certificate. */
        authority: path,
      })
      .optional(),
  })
  .refine(({ file, webhook, syslog }) => [file, webhook, syslog].some((sink) => sink !== undefined), {
    error: 'name at least one of file, webhook and syslog',
  });

export type CheckpointConfig = z.infer<typeof checkpointConfigSchema>;
