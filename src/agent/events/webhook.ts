import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { messageOf, ProdngError } from '../../error/prodng-error.ts';

/** A URL that something is sent to by POST. */
export const webhookSchema = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).describe('An http or https URL'),
  secretFile: z
    .string()
    .startsWith('/')
    .optional()
    .describe('A file with the key of the HMAC-SHA256 in the header X-Prodng-Signature'),
});

export type Webhook = z.infer<typeof webhookSchema>;

/** ms for one attempt. */
const patience = 10_000;
/** ms between attempts after a failure: the first, and the longest. */
const firstWait = 1000;
const longestWait = 300_000;

/**
 * Sends a text once, with its HMAC if there is a key.
 *
 * @param type its media type
 * @throws when it did not arrive: any answer but 2xx, and redirections
 */
export async function postSigned({ url, secretFile }: Webhook, body: string, type: string): Promise<void> {
  const headers: Record<string, string> = { 'content-type': type };
  if (secretFile !== undefined) {
    const secret = (await readFile(secretFile)).subarray(0, 4096);
    headers['x-prodng-signature'] = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
  }
  const signal = AbortSignal.timeout(patience);
  const response = await fetch(url, { method: 'POST', headers, body, redirect: 'error', signal });
  await response.body?.cancel();
  if (!response.ok) throw new ProdngError('IO', `${url}: HTTP ${response.status}`);
}

/** ms until the next attempt, after so many failures in a row: 1 s, then twice as long each time, up to 5 minutes. */
export function retryWait(failures: number): number {
  return Math.min(firstWait * 2 ** Math.min(failures - 1, 20), longestWait);
}

/** Why it did not arrive: fetch(3) says the reason in its cause. */
export function sendFault(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : '';
  return `${messageOf(error)}${cause}`.slice(0, 300);
}
