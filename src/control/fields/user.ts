import { exposureRow } from '../exposure-row.ts';
import type { JailField } from '../jail-field.ts';

/** `Jail-User` */
export const userField: JailField<string> = {
  name: 'User',
  required: false,
  default: 'jail',
  syntax: 'NAME',
  pattern: '^[a-z_][a-z0-9_-]{0,31}$',
  doc: `The user that the service runs as, made in the rootfs if its packages do not bring it. \`root\` is the root of the jail's
own user namespace, an unprivileged id on the host; a service rarely needs even that.`,
  example: 'www-data',
  bounds: [],
  fallback: 'jail',
  parse(field, report) {
    // adduser's NAME_REGEX, and the 32 characters that utmp and useradd allow
    if (/^[a-z_][a-z0-9_-]{0,31}$/.test(field.value)) return field.value;
    const what = /^\d+$/.test(field.value) ? 'is a number, not a name' : 'is not a user name';
    report(
      'jail-field-invalid',
      `"${field.value}" ${what}; allowed: a-z, 0-9, _ and -, not starting with a digit or -, up to 32 characters`,
      field,
    );
    return undefined;
  },
  format: String,
  json: (z) => z.string(),
  compare(before, after) {
    if (before === after) return [];
    const kind = after === 'root' ? 'gained' : before === 'root' ? 'lost' : 'changed';
    return [{ kind, old: before, new: after }];
  },
  exposure: (user) => [exposureRow('user', 0.5, user === 'root' ? 0.5 : 0, user)],
  readBack: ['account'],
  summary: (user) => user,
};
