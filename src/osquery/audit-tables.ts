import { jailDetailSchema } from '../agent/api/jail-view.ts';
import type { AgentClient } from '../agent/client.ts';
import { jailProfile } from '../agent/observation/observed-profile.ts';
import { type Audit, auditOf } from '../audit/audit.ts';
import { ProdngError } from '../error/prodng-error.ts';
import { type Declared, declaredOfJson } from '../observe/declared.ts';
import { big, type Row, row, type Table, text } from './table.ts';
import { jailsOf } from './tables.ts';

/** What `prodng audit` says of each jail, as tables. */
export function auditTables(client: AgentClient): Table[] {
  const jails = jailsOf(client);
  const audited = async (jail: string): Promise<{ declared: Declared; audit?: Audit }> => {
    const path = `/v1/jails/${encodeURIComponent(jail)}`;
    const { version, declaration } = jailDetailSchema.parse(await client.call('GET', path));
    const declared = declaredOfJson(declaration);
    try {
      return { declared, audit: auditOf(jail, declared, version, await jailProfile(client, jail)) };
    } catch (error) {
      if (error instanceof ProdngError && error.code === 'PROFILE') return { declared };
      throw error;
    }
  };
  return [
    {
      name: 'prodng_capabilities',
      columns: [
        text('jail', 'index'),
        text('capability'),
        big('declared'),
        big('used'),
        big('denied'),
        text('programs'),
        text('since'),
        big('lost'),
      ],
      async rows(constraints) {
        const rows: Row[] = [];
        for (const { name: jail } of await jails(constraints)) {
          const { declared, audit } = await audited(jail);
          if (audit === undefined)
            // declared, and not observed: not the same as not used
            rows.push(
              ...declared.capabilities.map((capability) =>
                row({
                  jail,
                  capability,
                  declared: 1,
                  used: '',
                  denied: '',
                  programs: '',
                  since: '',
                  lost: '',
                }),
              ),
            );
          else rows.push(...capabilityRows(jail, audit));
        }
        return rows;
      },
    },
    {
      name: 'prodng_findings',
      columns: [
        text('jail', 'index'),
        text('tag'),
        text('severity'),
        text('message'),
        text('field'),
        text('context', 'hidden'),
        text('fix', 'hidden'),
      ],
      async rows(constraints) {
        const rows: Row[] = [];
        for (const { name: jail } of await jails(constraints))
          for (const finding of (await audited(jail)).audit?.findings ?? []) {
            const { tag, severity, message, field, context, fix } = finding;
            rows.push(row({ jail, tag, severity, message, field, context, fix }));
          }
        return rows;
      },
    },
  ];
}

function capabilityRows(jail: string, { matrix, record }: Audit): Row[] {
  return matrix
    .filter(({ group }) => group === 'capability')
    .map(({ what, declared, used, denied, by }) =>
      row({
        jail,
        capability: what,
        declared: Number(declared),
        used,
        denied,
        programs: by.join(', '),
        since: record.began,
        lost: record.lost,
      }),
    );
}
