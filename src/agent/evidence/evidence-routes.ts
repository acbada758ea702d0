import { createReadStream, readdirSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join, normalize } from 'node:path';
import { z } from 'zod';
import { ProdngError } from '../../error/prodng-error.ts';
import type { Agent } from '../agent.ts';
import { type ApiServer, failures, jailParams } from '../api/api-schema.ts';
import { takenSchema, takeSchema } from './evidence-schema.ts';
import { bundleFile, takeEvidence } from './take-evidence.ts';

const bundleSchema = z
  .object({ id: z.string(), size: z.number().int(), time: z.string() })
  .meta({ id: 'EvidenceBundle' });

const bundleParams = z.object({ id: z.string().regex(/^[0-9a-f]{16}$/) });

/** Evidence of jails: taken, listed, read, removed. */
export function evidenceRoutes(server: ApiServer, agent: Agent): void {
  const { paths, events } = agent.context;
  const fileOf = (id: string) => bundleFile(paths, id);
  server.post(
    '/v1/jails/:name/evidence',
    {
      schema: {
        summary: 'Take evidence of a jail',
        params: jailParams,
        body: takeSchema,
        response: { 201: takenSchema, ...failures },
      },
    },
    async (request, reply) => {
      const jail = agent.jail(request.params.name);
      assertOwnRules(request.body.yara, paths.config);
      const gone = new AbortController();
      reply.raw.once('close', () => gone.abort());
      const taken = await takeEvidence(agent.context, jail, request.body, gone.signal);
      return reply.status(201).send(taken);
    },
  );
  server.get(
    '/v1/evidence',
    {
      schema: { summary: 'The bundles that are here', response: { 200: z.array(bundleSchema), ...failures } },
    },
    () => listBundles(paths.evidence),
  );
  server.get(
    '/v1/evidence/:id',
    {
      schema: {
        summary: 'A bundle: a tar, compressed by zstd',
        params: bundleParams,
        // a stream goes out as it is
        response: { 200: z.unknown(), ...failures },
      },
    },
    (request, reply) => {
      const file = fileOf(request.params.id);
      const size = sizeOf(file, request.params.id);
      void reply.header('content-length', size).type('application/zstd');
      return createReadStream(file);
    },
  );
  server.delete(
    '/v1/evidence/:id',
    {
      schema: {
        summary: 'Remove a bundle',
        params: bundleParams,
        response: { 204: z.null(), ...failures },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      sizeOf(fileOf(id), id);
      await rm(fileOf(id), { force: true });
      await events.append('evidence-removed', undefined, { id });
      return reply.status(204).send(null);
    },
  );
}

/** yara tells lines of what it cannot read: a client of the API must not have it read any file of the host. */
function assertOwnRules(rules: string | undefined, config: string): void {
  const folder = join(config, 'yara');
  if (rules === undefined || rules === folder) return;
  if (normalize(rules) === rules && rules.startsWith(`${folder}/`)) return;
  throw new ProdngError('USAGE', `${rules}: the agent takes YARA rules from ${folder} only`, {
    hint: 'put them there, or scan by yourself: prodng scan',
  });
}

function listBundles(folder: string) {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names.toSorted().flatMap((name) => {
    const [, id] = /^([0-9a-f]{16})\.tar\.zst$/.exec(name) ?? [];
    if (id === undefined) return [];
    const { size, mtime } = statSync(join(folder, name));
    return [{ id, size, time: mtime.toISOString() }];
  });
}

function sizeOf(file: string, id: string): number {
  const about = statSync(file, { throwIfNoEntry: false });
  if (about !== undefined) return about.size;
  throw new ProdngError('USAGE', `no evidence ${id} is here`, { hint: 'see /v1/evidence' });
}
