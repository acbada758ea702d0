import { isUtf8 } from 'node:buffer';
import { credentialsFolder } from '../control/fields/credentials.ts';
import type { JailImage } from './jail-image.ts';
import type { Json } from './json.ts';
import { kubernetesName } from './names.ts';
import { configurationFiles, settingDefaults } from './operator-values.ts';

// What an operator gives a jail, as Kubernetes has it: Jail-Settings and Jail-Configuration become ConfigMaps with the
// package's own values, Jail-Credentials a Secret that the operator makes. No manifest holds a secret.

/** What all objects of a jail have in common. */
export type Metadata = { name: string; labels: Record<string, string>; annotations: Record<string, string> };

/** The ConfigMap whose entries are the variables of Jail-Settings. */
export function settingsName({ name }: JailImage): string {
  return kubernetesName(`${name}.settings`);
}

function configurationName({ name }: JailImage): string {
  return kubernetesName(`${name}.configuration`);
}

/** The Secret with an entry for each of Jail-Credentials. */
function credentialsName({ name }: JailImage): string {
  return kubernetesName(`${name}.credentials`);
}

/** The ConfigMaps of a jail, with the values that its package has. */
export function configMaps(image: JailImage, { labels, annotations }: Metadata): Json[] {
  const { settings, configuration } = image.declaration;
  const map = (name: string, entries: { [key: string]: Json }): Json => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, labels, annotations },
    ...entries,
  });
  return [
    ...(settings.length === 0 ? [] : [map(settingsName(image), { data: settingDefaults(image) })]),
    ...(configuration.length === 0 ? [] : [map(configurationName(image), contents(image))]),
  ];
}

function contents(image: JailImage): { [key: string]: Json } {
  const data: { [key: string]: Json } = {};
  const binaryData: { [key: string]: Json } = {};
  for (const { key, content } of configurationFiles(image)) {
    if (isUtf8(content)) data[key] = content.toString();
    else binaryData[key] = content.toString('base64');
  }
  return Object.keys(binaryData).length === 0 ? { data } : { data, binaryData };
}

/** The volumes of credentials and configuration. */
export function operatorVolumes(image: JailImage): Json[] {
  const { credentials, configuration } = image.declaration;
  const name = credentialsName(image);
  const source = (required: boolean): Json[] => {
    const items = credentials
      .filter((credential) => credential.required === required)
      .map((credential) => ({ key: credential.name, path: credential.name }));
    return items.length === 0 ? [] : [{ secret: { name, items, optional: !required } }];
  };
  return [
    ...(credentials.length === 0
      ? []
      : [
          {
            name: 'credentials',
            // of root and the group of the service: a pod has no file of another owner
            projected: { defaultMode: 0o440, sources: [...source(true), ...source(false)] },
          },
        ]),
    ...(configuration.length === 0
      ? []
      : [{ name: 'configuration', configMap: { name: configurationName(image) } }]),
  ];
}

/** Where the service finds them. */
export function operatorMounts(image: JailImage): { name: string; mountPath: string }[] {
  const files = configurationFiles(image).map(({ path, key }) => ({
    name: 'configuration',
    mountPath: path,
    subPath: key,
    readOnly: true,
  }));
  if (image.declaration.credentials.length === 0) return files;
  const credentials = { name: 'credentials', mountPath: credentialsFolder, readOnly: true };
  return [credentials, ...files];
}
