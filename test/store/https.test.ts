import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer as createProxy, type Server } from 'node:http';
import { createServer } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openStore } from '../../src/store/store.ts';
import { run } from '../../src/system/process.ts';
import { checkStore, makeSampleFiles, pathsIn, type SampleFiles } from './sample-files.ts';
import { endOf, spawnFetch } from './spawn-fetch.ts';

let files: SampleFiles;
let certificates: string;
let scratch: string;
let mirror: Server;
let uri: string;

beforeAll(async () => {
  files = await makeSampleFiles();
  certificates = await mkdtemp(join(tmpdir(), 'https-'));
  const [key, certificate] = [join(certificates, 'key.pem'), join(certificates, 'certificate.pem')];
  const wanted = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost';
  const names = ['-addext', 'subjectAltName=DNS:localhost'];
  await run(['openssl', ...wanted.split(' '), ...names, '-keyout', key, '-out', certificate]);
  mirror = createServer(
    { key: await readFile(key), cert: await readFile(certificate) },
    (request, response) => {
      readFile(join(files.archive.folder, decodeURIComponent(request.url ?? ''))).then(
        (bytes) => response.end(bytes),
        () => response.writeHead(404).end(),
      );
    },
  );
  uri = `https://localhost:${await portOf(mirror)}`;
});

afterAll(async () => {
  mirror.close();
  mirror.closeAllConnections();
  await rm(certificates, { recursive: true });
  await files.archive.remove();
});

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'https-'));
  return async () => await rm(scratch, { recursive: true, force: true });
});

async function portOf(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening');
  return address.port;
}

async function fetchWith(env: Record<string, string>) {
  return await endOf(spawnFetch({ folder: scratch, files: files.small, options: files.from(uri) }, env));
}

const trusting = () => ({ NODE_EXTRA_CA_CERTS: join(certificates, 'certificate.pem') });

describe('a mirror over https', () => {
  it('is fetched from when its certificate is trusted', async () => {
    expect(await fetchWith(trusting())).toMatchObject({ status: 0 });
    expect(await checkStore(await openStore(pathsIn(scratch)))).toBe(files.small.length);
  });

  it('is refused when its certificate is not', async () => {
    const { status, said } = await fetchWith({});
    expect(status).not.toBe(0);
    expect(said).toMatch(/FETCH_FAILED/);
    expect(said).toMatch(/certificate/i);
  });

  it('is reached through the tunnel of a proxy', async () => {
    const tunnels: string[] = [];
    const proxy = createProxy((_, response) => response.writeHead(400).end());
    proxy.on('connect', (request, client, head) => {
      tunnels.push(request.url ?? '');
      const port = Number(new URL(uri).port);
      const upstream = connect(port, 'localhost', () => {
        client.write('HTTP/1.1 200 Connection established\r\n\r\n');
        upstream.write(head);
        upstream.pipe(client).pipe(upstream);
      });
      for (const socket of [upstream, client]) socket.on('error', () => upstream.destroy());
    });
    try {
      const https_proxy = `http://localhost:${await portOf(proxy)}`;
      expect(await fetchWith({ ...trusting(), https_proxy })).toMatchObject({ status: 0 });
      expect(new Set(tunnels)).toEqual(new Set([new URL(uri).host]));
    } finally {
      proxy.close();
      proxy.closeAllConnections();
    }
  });
});
