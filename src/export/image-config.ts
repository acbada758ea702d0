import { annotationsOf, environmentOf, type JailImage } from './jail-image.ts';
import type { Layer } from './layer.ts';
import { settingDefaults } from './operator-values.ts';

/**
 * The configuration of an image: OCI image specification 1.1, config.md; docker reads the same. It says how the
 * service is started; none of the jail's limits has a place in it.
 */
export function imageConfig(image: JailImage, layer: Layer): string {
  const { account, declaration, created, architecture } = image;
  const ports = declaration.listen.map(({ port, protocol }) => [`${port}/${protocol}`, {}]);
  const volumes = declaration.filesystem.flatMap((mount) => (mount.kind === 'rw' ? [[mount.path, {}]] : []));
  const time = new Date(created * 1000).toISOString();
  return JSON.stringify({
    created: time,
    architecture,
    os: 'linux',
    config: {
      User: `${account.uid}:${account.gid}`,
      // an engine sets another value of a setting as a variable
      Env: Object.entries({ ...environmentOf(image), ...settingDefaults(image) }).map(
        ([name, value]) => `${name}=${value}`,
      ),
      Entrypoint: declaration.command,
      WorkingDir: declaration.workdir,
      StopSignal: declaration.stop.signal,
      Labels: annotationsOf(image),
      ...(ports.length === 0 ? {} : { ExposedPorts: Object.fromEntries(ports) }),
      ...(volumes.length === 0 ? {} : { Volumes: Object.fromEntries(volumes) }),
    },
    rootfs: { type: 'layers', diff_ids: [`sha256:${layer.sha256}`] },
    history: [{ created: time, created_by: 'prodng export' }],
  });
}
