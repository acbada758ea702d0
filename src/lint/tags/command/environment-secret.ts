import type { Found } from '../../finding.ts';
import type { DeclaredSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'environment-secret',
  family: 'command',
  severity: 'warning',
  certainty: 'likely',
  reads: 'declaration',
  summary: 'a secret in the control file',
  explanation:
    "The control fields of a package are public: they are in the archive's index, in every log of " +
    'apt and in `prodng ls`.',
  fix: 'Declare it in Jail-Credentials, and let the program read the file `/run/credentials/NAME`.',
  references: ['docs/control-fields.md'],
  triggers: { control: 'Jail-Environment: DB_PASSWORD=hunter2' },
  clean: { control: 'Jail-Environment: DB_PASSWORD_FILE=/run/secrets/db' },
  check,
};

const secret = /(?:^|_)(?:PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY|SECRET_?KEY|ACCESS_?KEY)$/i;

function* check({ declaration: { environment, settings } }: DeclaredSubject): Iterable<Found> {
  for (const { name } of settings) {
    if (!secret.test(name)) continue;
    const message = `${name} looks like a secret, and settings are shown to everyone who may see the jail`;
    yield { message, context: name, field: 'Settings', at: name };
  }
  for (const [name, value] of Object.entries(environment)) {
    if (!secret.test(name) || value === '' || value.startsWith('/')) continue;
    const message = `${name} looks like a secret, and everybody can read it here`;
    yield { message, context: name, field: 'Environment', at: `${name}=` };
  }
}
