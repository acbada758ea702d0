import type { JailTotals } from '../../observe/totals.ts';
import type { Family, Sample } from '../metrics/prometheus.ts';

/** What was counted of jails, for Prometheus. */
export function observedFamilies(totals: ReadonlyMap<string, JailTotals>): Family[] {
  const counter = (
    name: string,
    help: string,
    samples: (jail: string, of: JailTotals) => Sample[],
  ): Family => ({
    name: `prodng_jail_${name}`,
    type: 'counter',
    help,
    samples: [...totals].flatMap(([jail, of]) => samples(jail, of)),
  });
  return [
    counter('capability_checks_total', 'Checks of capabilities in this run, by their result', (jail, of) =>
      [...of.capabilities].flatMap(([capability, results]) =>
        Object.entries(results).flatMap(([result, value]) =>
          value === 0 ? [] : [{ labels: { jail, capability, result }, value }],
        ),
      ),
    ),
    counter('connections_total', 'TCP connections and listening sockets in this run', (jail, of) =>
      Object.entries(of.connections).map(([way, value]) => ({ labels: { jail, way }, value })),
    ),
    counter(
      'refused_calls_total',
      'System calls that seccomp refused in this run, where they are counted',
      (jail, of) => [{ labels: { jail }, value: of.refused }],
    ),
    counter('opened_files_total', 'Files opened in this run, in mode record', (jail, of) => [
      { labels: { jail }, value: of.opened },
    ]),
    counter('programs_executed', 'Different programs that were executed in this run', (jail, of) => [
      { labels: { jail }, value: of.programs },
    ]),
    counter('observation_lost_total', 'Events of this run that were not counted', (jail, of) => [
      { labels: { jail }, value: Object.values(of.lost).reduce((sum, one) => sum + one, 0) },
    ]),
  ];
}
