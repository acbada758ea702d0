import { request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { processFigures } from '../load/process-figures.ts';
import { type AgentHost, makeAgentHost } from '../support/agent-host.ts';

let host: AgentHost;
let deb: string;

beforeAll(async () => {
  host = await makeAgentHost();
  await host.startAgent();
  deb = await host.jail({ fields: 'Jail-Command: /bin/sh -c "exec sleep 1000"' });
  await host.ok('install', '--no-start', deb);
});

afterAll(async () => {
  const names = (await host.ok('ls', '--format', 'name')).split('\n').filter(Boolean);
  for (const name of names) await host.ok('rm', '--purge', name);
  await host.endAgent('SIGTERM');
  const left = await host.leftovers();
  await host.remove();
  expect(left).toEqual([]);
});

interface Schema {
  $ref?: string;
  properties?: Record<string, Schema>;
}

interface Described {
  parameters?: { in: string; name: string }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
}

interface Document {
  paths: Record<string, Record<string, Described>>;
  components: { schemas: Record<string, Schema> };
}

interface Operation {
  method: string;
  path: string;
  query: string[];
  /** The fields of its body; undefined when it has none. */
  fields?: string[];
}

function operationsOf({ paths, components }: Document): Operation[] {
  const fieldsOf = ({ $ref, properties }: Schema) =>
    Object.keys(properties ?? components.schemas[$ref?.split('/').at(-1) ?? '']?.properties ?? {});
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [], requestBody }]) => {
      const schema = requestBody?.content['application/json']?.schema;
      const query = parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name);
      return {
        method: method.toUpperCase(),
        path,
        query,
        ...(schema === undefined ? {} : { fields: fieldsOf(schema) }),
      };
    }),
  );
}

/** What could stand anywhere, and what fits somewhere: a start that goes through must be as harmless. */
const values = (plausible: readonly string[]) =>
  fc.oneof(
    fc.jsonValue(),
    fc.constantFrom<unknown>(true, false, null, 100, -1, 0, 2 ** 53, '', ...plausible),
    fc.string({ unit: 'binary', maxLength: 60 }),
  );

/** A value of everything that the operation names, and of some things that it does not. */
function requests({ query, fields }: Operation, plausible: readonly string[]) {
  const some = (names: readonly string[]) =>
    fc.dictionary(fc.oneof(fc.constantFrom('x', '__proto__', ...names), fc.string()), values(plausible), {
      maxKeys: names.length + 1,
    });
  return fc.record({
    name: fc.oneof(
      fc.constantFrom(...plausible, '..', '%', 'a/b', '@'),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }),
    ),
    query: some(query.filter((name) => name !== 'follow')),
    body: fc.oneof(some(fields ?? []), values(plausible)),
    headers: fc.dictionary(
      fc.constantFrom('accept', 'last-event-id', 'content-type', 'expect', 'x-forwarded-for', 'if-match'),
      fc.stringMatching(/^[ -~]{0,40}$/),
    ),
  });
}

interface Sent {
  method: string;
  path: string;
  body: string | undefined;
  headers: Record<string, string>;
}

function send({ method, path, body, headers }: Sent): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const socketPath = join(host.folder, 'run/agent.sock');
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const all = { 'content-type': 'application/json', ...headers, ...length };
    const asked = request({ socketPath, method, path, headers: all }, (response) => {
      text(response).then((said) => resolve({ status: response.statusCode ?? 0, body: said }), reject);
    });
    asked.once('error', reject);
    asked.end(body);
  });
}

it('answers whatever is sent to any operation of its document, never with a fault, and keeps none of it', async () => {
  const document: Document = JSON.parse((await host.api('GET', '/openapi.json')).body);
  const operations = operationsOf(document);
  expect(operations.length).toBeGreaterThan(12);
  const before = processFigures(host.agent().pid ?? 0);
  const { pid } = host.agent();
  for (const operation of operations)
    await fc.assert(
      fc.asyncProperty(requests(operation, [host.name, deb]), async ({ name, query, body, headers }) => {
        const { method, path, fields } = operation;
        const words = Object.entries(query).map(([key, value]): [string, string] => [
          key,
          typeof value === 'string' ? value : JSON.stringify(value),
        ]);
        const search = new URLSearchParams(words).toString();
        const segment = encodeURIComponent(name).replaceAll('.', '%2e');
        const answer = await send({
          method,
          path: `${path.replace('{name}', segment)}${search === '' ? '' : `?${search}`}`,
          body: fields === undefined ? undefined : JSON.stringify(body),
          headers,
        });
        // what this host cannot do is no fault: it has no slots of a base image
        const isLack = answer.status === 503 && JSON.parse(answer.body).error.code === 'HOST_LACKS';
        expect(isLack || answer.status < 500, answer.body).toBe(true);
        if (answer.status >= 400 && answer.body !== '')
          expect(JSON.parse(answer.body)).toMatchObject({ error: { code: expect.any(String) } });
      }),
      { numRuns: 60 },
    );
  expect(host.agent().exitCode).toBe(null);
  expect(host.agent().pid).toBe(pid);
  const after = processFigures(host.agent().pid ?? 0);
  expect(after.files).toBeLessThan(before.files + 20);
  expect(after.resident).toBeLessThan(before.resident + 150e6);
});
