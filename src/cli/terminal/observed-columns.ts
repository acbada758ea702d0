import type { ObservedFigures } from '../../agent/observation/figures.ts';
import type { Column } from './output.ts';

/** What was counted of a process or of a jail; `-` for what is not counted. */
export const observedColumns: Column<{ observed?: ObservedFigures | undefined }>[] = [
  { title: 'USED', text: ({ observed }) => capabilities(observed?.used) },
  { title: 'DENIED', text: ({ observed }) => capabilities(observed?.denied) },
  { title: 'REFUSED', text: ({ observed }) => count(observed?.refused) },
  { title: 'CONN', text: ({ observed }) => count(observed?.connections) },
  { title: 'EXEC', text: ({ observed }) => count(observed?.executed) },
  { title: 'OPENED', text: ({ observed }) => count(observed?.opened) },
];

/** The same of jails, with their names. */
export const observedJailColumns: Column<{ name: string; observed?: ObservedFigures | undefined }>[] = [
  { title: 'NAME', text: ({ name }) => name, shrinks: true },
  ...observedColumns,
];

/** Without the prefix that all of them have. */
function capabilities(names: readonly string[] = []): string {
  return names.length === 0 ? '-' : names.map((name) => name.replace(/^CAP_/, '')).join(',');
}

function count(number: number | undefined): string {
  return number === undefined ? '-' : String(number);
}
