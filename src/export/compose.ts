import { formatDuration } from '../control/quantity.ts';
import { composeBlockLimits as blockLimits } from './io-limits.ts';
import { environmentOf, imageReference, type JailImage } from './jail-image.ts';
import { shortCapability } from './kubernetes.ts';
import { imageName } from './names.ts';
import { configurationFiles, credentialPath } from './operator-values.ts';

/** A compose project, as the Compose specification has it. */
export interface ComposeProject {
  services: Record<string, unknown>;
  volumes?: Record<string, unknown>;
  configs?: Record<string, unknown>;
  secrets?: Record<string, unknown>;
}

/** The profile's file beside compose.yaml. */
export function composeProfile(image: JailImage): string {
  return `${imageName(image.name)}.seccomp.json`;
}

/** The project that runs jails. @param registry what the images' names begin with */
export function composeProject(images: readonly JailImage[], registry: string): ComposeProject {
  const services: Record<string, unknown> = {};
  const volumes: Record<string, unknown> = {};
  const configs: Record<string, unknown> = {};
  const secrets: Record<string, unknown> = {};
  for (const image of images) {
    services[imageName(image.name)] = escapedService(image, registry);
    for (const { name } of volumesOf(image)) volumes[name] = {};
    for (const { key } of configurationFiles(image))
      configs[`${imageName(image.name)}-${key}`] = { file: `./${configurationFolder(image)}/${key}` };
    for (const { name } of requiredCredentials(image))
      secrets[`${imageName(image.name)}-${name}`] = {
        file: `./${imageName(image.name)}.credentials/${name}`,
      };
  }
  const sections = Object.entries({ volumes, configs, secrets });
  return {
    services,
    ...Object.fromEntries(sections.filter(([, section]) => Object.keys(section).length > 0)),
  };
}

/** Where the package's own configuration files are exported, beside compose.yaml or the unit. */
export function configurationFolder({ name }: JailImage): string {
  return `${imageName(name)}.configuration`;
}

/** Compose and podman start nothing with a secret that is not there: an optional one is for the operator to add. */
export function requiredCredentials({ declaration }: JailImage): { name: string }[] {
  return declaration.credentials.filter(({ required }) => required);
}

/** The named volumes of a jail's rw mounts. */
export function volumesOf({ name, declaration }: JailImage): { name: string; path: string }[] {
  return declaration.filesystem
    .filter(({ kind }) => kind === 'rw')
    .map(({ path }, index) => ({ name: `${imageName(name)}-${index}`, path }));
}

function service(image: JailImage, registry: string): Record<string, unknown> {
  const { declaration, account } = image;
  const { command, memory, cpu, pids, io, capabilities, network, listen, health, restart, stop } =
    declaration;
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
    ...blockLimits(io),
    ulimits: { core: 0, nofile: { soft: 1024, hard: 4096 } },
    ...(network === 'macvlan' ? {} : { network_mode: 'none' }),
    ...(network === 'macvlan' && listen.length > 0
      ? { expose: listen.map(({ port, protocol }) => `${port}/${protocol}`) }
      : {}),
    ...mounts(image),
    ...operatorFiles(image),
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
 * A setting is taken from the environment of docker compose, or its file .env. A default with characters that mean
 * something in `${NAME-DEFAULT}` is written as it is, without a variable: to change it, edit the file.
 */
function settingOf({ name, default: value }: JailImage['declaration']['settings'][number]): string | null {
  if (value === undefined) return null;
  return /[${}]/.test(value) ? escapedText(value) : `\${${name}-${value}}`;
}

function operatorFiles(image: JailImage): Record<string, unknown> {
  const own = imageName(image.name);
  const { uid, gid } = image.account;
  const configs = configurationFiles(image).map(({ path, key }) => ({
    source: `${own}-${key}`,
    target: path,
  }));
  const secrets = requiredCredentials(image).map(({ name }) => ({
    source: `${own}-${name}`,
    target: credentialPath(name),
    uid: String(uid),
    gid: String(gid),
    mode: 0o400,
  }));
  return {
    ...(configs.length === 0 ? {} : { configs }),
    ...(secrets.length === 0 ? {} : { secrets }),
  };
}

/**
 * Compose puts in variables of the operator's environment for a dollar sign, in every value: a path of the jail's must not
 * carry a secret into it.
 */
function escaped(value: unknown): unknown {
  if (typeof value === 'string') return escapedText(value);
  if (Array.isArray(value)) return value.map(escaped);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, escaped(one)]));
}

function escapedText(text: string): string {
  return text.replaceAll('$', '$$$$');
}

/** Only what an operator sets is a variable of compose. */
function escapedService(image: JailImage, registry: string): Record<string, unknown> {
  const plain = Object.entries(service(image, registry)).map(
    ([name, value]) => [name, escaped(value)] as const,
  );
  const environment = Object.fromEntries([
    ...Object.entries(environmentOf(image)).map(([name, value]) => [name, escapedText(value)] as const),
    ...image.declaration.settings.map((setting) => [setting.name, settingOf(setting)] as const),
  ]);
  return { ...Object.fromEntries(plain), environment };
}
