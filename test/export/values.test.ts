import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { type Exporting, makeExporting } from './exporting.ts';

vi.setConfig({ testTimeout: 120_000 });

const configuration = "# the package's own\nport = 8080\n";
let exporting: Exporting;
let deb: string;

/** What an operator of a host may give this jail. */
beforeAll(async () => {
  exporting = makeExporting();
  deb = await exporting.jail('web', {
    files: { 'etc/web/web.conf': configuration, 'opt/logo.png': 'x' },
    fields: `Jail-Command: /bin/httpd -f -p 8080
Jail-Network: none
Jail-Io: /dev/vda rbps=10M wiops=100
Jail-Settings:
 LOG_LEVEL pattern=debug|info default=info
 GREETING default="a $5 {brace}"
 PROXY
Jail-Credentials:
 db-password
 api-token
Jail-Configuration:
 /etc/web/web.conf
 /opt/logo.png`,
  });
});

afterAll(() => exporting.remove());

it('kubernetes: settings and configuration are ConfigMaps, credentials a Secret that no manifest holds', async () => {
  const folder = await exporting.written('kubernetes', deb);
  const text = readFileSync(join(folder, 'web.yaml'), 'utf8');
  const objects = parseAllDocuments(text).map((each) => each.toJS());
  expect(objects.map(({ kind }) => kind)).toEqual(['Deployment', 'NetworkPolicy', 'ConfigMap', 'ConfigMap']);
  const [deployment, , settings, files] = objects;
  expect(settings.data).toEqual({ LOG_LEVEL: 'info', GREETING: 'a $5 {brace}' });
  expect(files.data).toEqual({ '0-web.conf': configuration, '1-logo.png': 'x' });
  const { spec } = deployment.spec.template;
  const [container] = spec.containers;
  expect(container.envFrom).toEqual([{ configMapRef: { name: settings.metadata.name } }]);
  expect(container.env.map(({ name }: { name: string }) => name)).not.toContain('LOG_LEVEL');
  const name = 'web-x2ecredentials';
  expect(spec.volumes).toEqual([
    {
      name: 'credentials',
      projected: {
        defaultMode: 0o440,
        sources: [
          {
            secret: {
              name,
              items: [
                { key: 'db-password', path: 'db-password' },
                { key: 'api-token', path: 'api-token' },
              ],
              optional: false,
            },
          },
        ],
      },
    },
    { name: 'configuration', configMap: { name: files.metadata.name } },
  ]);
  expect(spec.securityContext.fsGroup).toBe(spec.securityContext.runAsGroup);
  expect(container.volumeMounts).toEqual([
    { name: 'credentials', mountPath: '/run/credentials', readOnly: true },
    { name: 'configuration', mountPath: '/etc/web/web.conf', subPath: '0-web.conf', readOnly: true },
    { name: 'configuration', mountPath: '/opt/logo.png', subPath: '1-logo.png', readOnly: true },
  ]);
  expect(text).not.toMatch(/^kind: Secret$/m);
});

it('compose: settings are variables, files and secrets lie beside, block devices are limited', async () => {
  const folder = await exporting.written('compose', deb);
  const project = parse(readFileSync(join(folder, 'compose.yaml'), 'utf8'));
  const { web } = project.services;
  expect(web.environment).toMatchObject({
    LOG_LEVEL: '${LOG_LEVEL-info}',
    GREETING: 'a $$5 {brace}',
    PROXY: null,
  });
  expect(web.blkio_config).toEqual({
    device_read_bps: [{ path: '/dev/vda', rate: 10 * 2 ** 20 }],
    device_write_iops: [{ path: '/dev/vda', rate: 100 }],
  });
  expect(web.configs).toContainEqual({ source: 'web-0-web.conf', target: '/etc/web/web.conf' });
  expect(readFileSync(join(folder, project.configs['web-0-web.conf'].file), 'utf8')).toBe(configuration);
  expect(web.secrets[0]).toMatchObject({ source: 'web-db-password', target: '/run/credentials/db-password' });
  expect(project.secrets['web-db-password']).toEqual({ file: './web.credentials/db-password' });
  expect(existsSync(join(folder, 'web.credentials'))).toBe(false);
});

it('quadlet: the unit names variables, secrets, files and limits', async () => {
  const folder = await exporting.written('quadlet', deb);
  const unit = readFileSync(join(folder, 'web.container'), 'utf8');
  expect(unit).toContain('\nEnvironment=LOG_LEVEL=info\n');
  expect(unit).toContain('\nEnvironment="GREETING=a $5 {brace}"\n');
  expect(unit).toMatch(
    /^Secret=web-db-password,type=mount,target=\/run\/credentials\/db-password,uid=\d+,gid=\d+,mode=0400$/m,
  );
  expect(unit).toContain(
    '\nVolume=/etc/containers/systemd/web.configuration/0-web.conf:/etc/web/web.conf:ro\n',
  );
  expect(unit).toContain('--device-read-bps=/dev/vda:10485760 --device-write-iops=/dev/vda:100');
  expect(readFileSync(join(folder, 'web.configuration/0-web.conf'), 'utf8')).toBe(configuration);
});

it('images have the defaults of settings in their environment', async () => {
  const layout = await exporting.written('oci', deb);
  const blob = (name: string) =>
    JSON.parse(readFileSync(join(layout, 'blobs', name.replace(':', '/')), 'utf8'));
  const index = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8'));
  const { config } = blob(blob(index.manifests[0].digest).config.digest);
  expect(config.Env).toContain('LOG_LEVEL=info');
  expect(config.Env).toContain('GREETING=a $5 {brace}');
});

it('what no engine does is lost by name: an optional secret, a device by number, a first start', async () => {
  const odd = await exporting.jail('odd', {
    fields: `Jail-Network: none
Jail-Io: 8:0 rbps=10M
Jail-Filesystem: rw /var/lib/box
Jail-Prepare: /bin/true
Jail-Credentials: token optional`,
  });
  const refused = await exporting.run([odd, '--format', 'quadlet', '-o', join(exporting.folder, 'x')]);
  expect(refused.status).toBe(1);
  expect(refused.stderr).toContain('--accept-loss Io,Credentials,Prepare');
  expect(refused.stderr).toContain('not numbers: 8:0');
  expect(refused.stderr).toContain('add what is optional yourself: token');
  const kubernetes = await exporting.written('kubernetes', odd);
  expect(readFileSync(join(kubernetes, 'odd.yaml'), 'utf8')).toMatch(/optional: true/);
});
