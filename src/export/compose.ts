import { formatDuration } from '../control/quantity.ts';
import { environmentOf, imageReference, type JailImage } from './jail-image.ts';
import { shortCapability } from './kubernetes.ts';
import { imageName } from './names.ts';

/** A compose project, as the Compose specification has it. */
export interface ComposeProject {
  services: Record<string, unknown>;
  volumes?: Record<string, unknown>;
}

/** The profile's file beside compose.yaml. */
export function composeProfile(image: JailImage): string {
  return `${imageName(image.name)}.seccomp.json`;
}

/** The project that runs jails. @param registry what the images' names begin with */
export function composeProject(images: readonly JailImage[], registry: string): ComposeProject {
  const services: Record<string, unknown> = {};
  const volumes: Record<string, unknown> = {};
  for (const image of images) {
    services[imageName(image.name)] = escaped(service(image, registry));
    for (const { name } of volumesOf(image)) volumes[name] = {};
  }
  return Object.keys(volumes).length === 0 ? { services } : { services, volumes };
}

/** The named volumes of a jail's rw mounts. */
export function volumesOf({ name, declaration }: JailImage): { name: string; path: string }[] {
  return declaration.filesystem
    .filter(({ kind }) => kind === 'rw')
    .map(({ path }, index) => ({ name: `${imageName(name)}-${index}`, path }));
}

function service(image: JailImage, registry: string): Record<string, unknown> {
  const { declaration, account } = image;
  const { command, memory, cpu, pids, capabilities, network, listen, health, restart, stop } = declaration;
  return {
    image: `${registry}/${imageReference(image)}`,
    entrypoint: command,
    user: `${account.uid}:${account.gid}`,
    ...(account.additionalGids.length === 0 ? {} : { group_add: account.additionalGids.map(String) }),
    working_dir: declaration.workdir,
    environment: environmentOf(image),
    read_only: true,
    cap_drop: ['ALL'],
    ...(capabilities.length === 0 ? {} : { cap_add: capabilities.map(shortCapability) }),
    security_opt: ['no-new-privileges', `seccomp=./${composeProfile(image)}`],
    mem_limit: memory,
    memswap_limit: memory,
    cpus: cpu / 100,
    pids_limit: pids,
    ulimits: { core: 0, nofile: { soft: 1024, hard: 4096 } },
    ...(network === 'macvlan' ? {} : { network_mode: 'none' }),
    ...(network === 'macvlan' && listen.length > 0
      ? { expose: listen.map(({ port, protocol }) => `${port}/${protocol}`) }
      : {}),
    ...mounts(image),
    ...(health?.kind === 'command'
      ? {
          healthcheck: {
            test: ['CMD', ...health.argv],
            interval: formatDuration(health.interval),
            timeout: formatDuration(health.timeout),
          },
        }
      : {}),
    restart: restart.policy,
    stop_signal: stop.signal,
    stop_grace_period: `${Math.ceil(stop.timeout / 1000)}s`,
  };
}

function mounts(image: JailImage): Record<string, unknown> {
  const { filesystem } = image.declaration;
  const { uid, gid } = image.account;
  const tmp = filesystem.flatMap((mount) =>
    mount.kind === 'tmp' ? [`${mount.path}:size=${mount.size},mode=1777,noexec,nosuid,nodev`] : [],
  );
  const volumes = [
    ...volumesOf(image).map(({ name, path }) => `${name}:${path}`),
    ...filesystem.flatMap((mount) => (mount.kind === 'ro' ? [`${mount.hostPath}:${mount.path}:ro`] : [])),
  ];
  return {
    ...(tmp.length === 0 ? {} : { tmpfs: tmp }),
    ...(volumes.length === 0 ? {} : { volumes }),
    ...(volumesOf(image).length === 0 ? {} : { labels: { 'org.prodng.volume-owner': `${uid}:${gid}` } }),
  };
}

/**
 * Compose puts in variables of the operator's environment for a dollar sign, in every value: a path of the jail's must not
 * carry a secret into it.
 */
function escaped(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('$', '$$$$');
  if (Array.isArray(value)) return value.map(escaped);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, escaped(one)]));
}
