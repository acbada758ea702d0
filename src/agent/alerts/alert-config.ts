import { z } from 'zod';
import { type EventKind, eventKinds } from '../events/event-kinds.ts';
import { webhookSchema } from '../events/webhook.ts';

/** What is about alerts themselves is not sent: it would only follow what cannot be sent. */
const own: readonly string[] = ['alert-failed', 'alerts-resumed', 'alerts-dropped'];

/** `alerts` of agent.json: which events are sent, and where to. */
export const alertConfigSchema = z.strictObject({
  webhook: webhookSchema.describe('Send each event by POST'),
  events: z
    .array(
      z
        .string()
        .refine((kind): kind is EventKind => kind in eventKinds && !own.includes(kind), 'no such event'),
    )
    .min(1)
    .default(['policy-alert', 'policy-changed', 'policy-removed', 'policy-refused', 'policy-failed'])
    .describe('Kinds of events that are sent'),
});

export type AlertConfig = z.infer<typeof alertConfigSchema>;
