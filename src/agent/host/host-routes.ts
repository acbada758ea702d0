import { z } from 'zod';
import {
  armUpdate,
  commitHost,
  hostStatus,
  rebootHost,
  rollbackHost,
  writeUpdate,
} from '../../image/host/host-update.ts';
import { type ApiServer, failures } from '../api/api-schema.ts';

const slotSchema = z
  .strictObject({
    slot: z.enum(['a', 'b']),
    running: z.boolean(),
    image: z
      .strictObject({ name: z.string(), version: z.string(), digest: z.string(), date: z.string() })
      .optional(),
  })
  .meta({ id: 'HostSlot' });

const statusSchema = z
  .strictObject({
    slots: z.array(slotSchema),
    trial: z.boolean(),
    next: z.enum(['a', 'b']).optional(),
    data: z.string(),
    refused: z.array(z.string()),
  })
  .meta({ id: 'HostStatus' });

/** An image comes in pieces: the body of a request is small, and one that breaks off is sent again. */
const pieceSchema = z
  .strictObject({
    /** Bytes from the start of the slot. */
    offset: z.int().min(0),
    data: z.base64().max(2 ** 20),
  })
  .meta({ id: 'HostUpdatePiece' });

const armSchema = z
  .strictObject({
    /** Take an image that failed its trial here, or was rolled back. */
    again: z.boolean().default(false),
  })
  .nullish()
  .meta({ id: 'HostUpdate' });

const restarting = z.strictObject({ restarting: z.literal(true) }).meta({ id: 'HostReboot' });

/** The base image of this host: which slots there are, and the way from one to the other. */
export function hostRoutes(server: ApiServer): void {
  server.get(
    '/v1/host',
    { schema: { summary: 'The slots of this host', response: { 200: statusSchema, ...failures } } },
    () => hostStatus(),
  );
  server.patch(
    '/v1/host/update',
    {
      schema: {
        summary: 'Write a piece of an image to the slot that does not run',
        body: pieceSchema,
        response: { 200: z.strictObject({ written: z.int() }), ...failures },
      },
    },
    async ({ body: { offset, data } }) => {
      const bytes = Buffer.from(data, 'base64');
      await writeUpdate(offset, bytes);
      return { written: bytes.length };
    },
  );
  server.post(
    '/v1/host/update',
    {
      schema: {
        summary: 'Verify the written image, and have the next start try it',
        body: armSchema,
        response: { 200: slotSchema, ...failures },
      },
    },
    ({ body }) => armUpdate(body?.again),
  );
  server.post(
    '/v1/host/commit',
    { schema: { summary: 'Keep the running image', response: { 200: statusSchema, ...failures } } },
    () => commitHost(),
  );
  server.post(
    '/v1/host/rollback',
    {
      schema: {
        summary: 'Boot the other slot from the next start on',
        response: { 200: slotSchema, ...failures },
      },
    },
    () => rollbackHost(),
  );
  server.post(
    '/v1/host/reboot',
    { schema: { summary: 'Restart the host', response: { 200: restarting, ...failures } } },
    async () => {
      rebootHost();
      return { restarting: true as const };
    },
  );
}
