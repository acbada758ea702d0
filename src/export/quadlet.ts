import { configurationFolder, requiredCredentials, volumesOf } from './compose.ts';
import { podmanBlockLimits } from './io-limits.ts';
import { imageReference, type JailImage } from './jail-image.ts';
import { imageName } from './names.ts';
import { configurationFiles, credentialPath, settingDefaults } from './operator-values.ts';
import { quoteForUnit } from './unit-quote.ts';

/** Where podman finds the profile on the host. */
export function quadletProfile(image: JailImage): string {
  return `/etc/containers/systemd/${imageName(image.name)}.seccomp.json`;
}

/**
 * A unit for podman's generator, podman-systemd.unit(5), podman 4.4 and newer. What it has no key for is given as
 * PodmanArgs.
 *
 * @param registry what the image's name begins with
 */
export function quadletUnit(image: JailImage, registry: string): string {
  const { declaration, account } = image;
  const { restart, network, capabilities, filesystem } = declaration;
  const lines = [
    '[Unit]',
    `Description=The jail ${image.name} ${image.version}`,
    '',
    '[Container]',
    `Image=${registry}/${imageReference(image)}`,
    `ContainerName=${imageName(image.name)}`,
    `User=${account.uid}`,
    `Group=${account.gid}`,
    'ReadOnly=true',
    'NoNewPrivileges=true',
    'DropCapability=all',
    ...capabilities.map((name) => `AddCapability=${name}`),
    `SeccompProfile=${quadletProfile(image)}`,
    'UserNS=auto:size=65536',
    ...(network === 'macvlan' ? [] : ['Network=none']),
    ...filesystem.flatMap((mount) =>
      mount.kind === 'tmp' ? [`Tmpfs=${mount.path}:size=${mount.size},mode=1777,noexec,nosuid,nodev`] : [],
    ),
    ...volumesOf(image).map(({ name, path }) => `Volume=${name}:${path}:U,noexec,nosuid,nodev`),
    ...filesystem.flatMap((mount) =>
      mount.kind === 'ro' ? [`Volume=${mount.hostPath}:${mount.path}:ro`] : [],
    ),
    ...operatorLines(image),
    ...healthLines(image),
    `PodmanArgs=${podmanArguments(image).map(quoteForUnit).join(' ')}`,
    '',
    '[Service]',
    `Restart=${restart.policy}`,
    `RestartSec=${Math.ceil(restart.backoff / 1000)}`,
    '',
    '[Install]',
    'WantedBy=multi-user.target',
  ];
  return `${lines.join('\n')}\n`;
}

function podmanArguments({ declaration, account }: JailImage): string[] {
  const { memory, cpu, pids, io, stop } = declaration;
  return [
    `--memory=${memory}`,
    `--memory-swap=${memory}`,
    `--cpus=${cpu / 100}`,
    `--pids-limit=${pids}`,
    ...podmanBlockLimits(io),
    '--ulimit=core=0:0',
    '--ulimit=nofile=1024:4096',
    `--stop-timeout=${Math.ceil(stop.timeout / 1000)}`,
    // what podman mounts over a read-only root by itself was not declared
    '--read-only-tmpfs=false',
    ...account.additionalGids.map((gid) => `--group-add=${gid}`),
  ];
}

/** An operator sets another value in a drop-in of the unit, another file in place of the exported one. */
function operatorLines(image: JailImage): string[] {
  const { uid, gid } = image.account;
  const own = imageName(image.name);
  return [
    ...Object.entries(settingDefaults(image)).map(
      ([name, value]) => `Environment=${quoteForUnit(`${name}=${value}`)}`,
    ),
    ...requiredCredentials(image).map(
      ({ name }) =>
        `Secret=${own}-${name},type=mount,target=${credentialPath(name)},uid=${uid},gid=${gid},mode=0400`,
    ),
    ...configurationFiles(image).map(
      ({ path, key }) => `Volume=/etc/containers/systemd/${configurationFolder(image)}/${key}:${path}:ro`,
    ),
  ];
}

function healthLines({ declaration: { health } }: JailImage): string[] {
  if (health?.kind !== 'command') return [];
  return [
    `HealthCmd=${quoteForUnit(JSON.stringify(['CMD', ...health.argv]))}`,
    `HealthInterval=${Math.ceil(health.interval / 1000)}s`,
    `HealthTimeout=${Math.ceil(health.timeout / 1000)}s`,
    'HealthOnFailure=kill',
  ];
}
