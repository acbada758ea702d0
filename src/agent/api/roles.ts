import { ProdngError } from '../../error/prodng-error.ts';
import { ownValue } from '../../system/own-value.ts';

/** What a client may do; each role may do what those before it may. */
export const roles = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof roles)[number];

/**
 * The role that each operation of the API needs. `viewer` reads; `operator` changes what runs, and gives jails what they
 * declare; `admin` executes programs, decides which programs are installed, and reads or destroys what jails have.
 */
export const routeRoles: Readonly<Record<string, Role>> = {
  'GET /openapi.json': 'viewer',
  'GET /metrics': 'viewer',
  'GET /v1/jails': 'viewer',
  'GET /v1/jails/:name': 'viewer',
  'GET /v1/jails/:name/logs': 'viewer',
  'GET /v1/jails/:name/processes': 'viewer',
  'GET /v1/jails/:name/history': 'viewer',
  'GET /v1/jails/:name/profiles': 'viewer',
  'GET /v1/jails/:name/profiles/:id': 'viewer',
  'GET /v1/policies': 'viewer',
  'GET /v1/jails/:name/credentials': 'viewer',
  'GET /v1/jails/:name/configuration': 'viewer',
  'GET /v1/events': 'viewer',
  'GET /v1/events/verify': 'viewer',
  'GET /v1/events/checkpoint': 'viewer',
  'GET /v1/stats': 'viewer',
  'GET /v1/host': 'viewer',
  'POST /v1/jails/:name/start': 'operator',
  'POST /v1/jails/:name/stop': 'operator',
  'POST /v1/jails/:name/restart': 'operator',
  'POST /v1/jails/:name/freeze': 'operator',
  'POST /v1/jails/:name/thaw': 'operator',
  'POST /v1/jails/:name/kill': 'operator',
  'POST /v1/jails/:name/rollback': 'operator',
  'PATCH /v1/jails/:name/overrides': 'operator',
  'PUT /v1/jails/:name/credentials/:credential': 'operator',
  'DELETE /v1/jails/:name/credentials/:credential': 'operator',
  'PUT /v1/jails/:name/configuration': 'operator',
  'DELETE /v1/jails/:name/configuration': 'operator',
  'POST /v1/jails': 'admin',
  'DELETE /v1/jails/:name': 'admin',
  'POST /v1/jails/:name/upgrade': 'admin',
  'GET /v1/jails/:name/exec': 'admin',
  'POST /v1/jails/:name/evidence': 'admin',
  'GET /v1/evidence': 'admin',
  'GET /v1/evidence/:id': 'admin',
  'DELETE /v1/evidence/:id': 'admin',
  'PATCH /v1/host/update': 'admin',
  'POST /v1/host/update': 'admin',
  'POST /v1/host/commit': 'admin',
  'POST /v1/host/rollback': 'admin',
  'POST /v1/host/reboot': 'admin',
};

/**
 * The role that a route needs.
 *
 * @param url as the route is declared, with its parameters
 * @throws ProdngError INTERNAL for a route that is not in the table: no operation is open to all by mistake
 */
export function roleNeeded(method: string, url: string): Role {
  // HEAD is GET without the body
  const route = `${method === 'HEAD' ? 'GET' : method} ${url}`;
  const role = ownValue(routeRoles, route);
  if (role !== undefined) return role;
  throw new ProdngError('INTERNAL', `${route}: no role is declared for it in roles.ts`);
}

/** @throws ProdngError ROLE when a client may not do what needs that role */
export function assertRole(has: Role | undefined, needed: Role, who: string | undefined): void {
  if (has !== undefined && roles.indexOf(has) >= roles.indexOf(needed)) return;
  throw new ProdngError(
    'ROLE',
    `${who ?? 'the client'} has ${has === undefined ? 'no role' : `the role ${has}`}; this needs the role ${needed}`,
    {
      hint: '"roles" in agent.json gives roles to certificates and groups',
    },
  );
}
