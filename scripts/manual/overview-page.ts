import { errorCodes } from '../../src/error/codes.ts';
import { variables } from '../reference/environment.ts';
import type { ManualPage } from './page.ts';

/** prodng(7) */
export const overviewPage: ManualPage = {
  name: 'prodng',
  section: 7,
  summary: 'services in jails that arrive as Debian packages',
  sections: [
    {
      title: 'Description',
      blocks: [
        {
          text: 'A jail source is a Debian source package whose debian/control declares, in Jail-* fields, what its service needs: commands, files, network, capabilities, system calls, limits. `prodng build` builds it, without network and from inputs pinned by SHA-256, into a jail .deb that holds a whole root file system. The same source and lock give the same bytes.',
        },
        {
          text: '`prodng run` runs such a .deb in the foreground. `prodng-agent` installs, supervises, upgrades and removes jails on a host. An OCI runtime (crun or runc) starts a jail with exactly what its declaration allows, and the start fails if the kernel reports something else.',
        },
      ],
    },
    {
      title: 'From source to service',
      blocks: [
        {
          example: `prodng new python-service hello
prodng lint hello
prodng build hello
prodng verify hello_0.1.0_amd64.deb
prodng sign hello_0.1.0_amd64.deb
prodng run hello_0.1.0_amd64.deb
prodng install hello_0.1.0_amd64.deb`,
        },
      ],
    },
    {
      title: 'Files',
      blocks: [
        {
          entries: [
            { tag: '/etc/prodng/agent.json', text: 'Configuration of the agent: prodng-agent.json(5).' },
            { tag: '/etc/prodng/jails.d/', text: 'Settings of jails, written by prodng set.' },
            {
              tag: '/etc/prodng/archives.sources',
              text: 'Package archives, in the DEB822 format of sources.list(5).',
            },
            { tag: '/etc/prodng/yara/', text: 'Rules for prodng scan.' },
            { tag: '/var/lib/prodng/', text: 'State: keys, installed jails, volumes, logs, events.' },
            { tag: '/var/cache/prodng/', text: 'Cache; it may be deleted at any time.' },
            { tag: '/run/prodng/', text: "Runs, locks and the agent's socket, agent.sock." },
          ],
        },
      ],
    },
    {
      title: 'Environment',
      blocks: [
        {
          entries: variables.map(({ name, meaning, standard }) => ({
            tag: name,
            text: `${meaning}.\nDefault: ${standard}.`,
          })),
        },
      ],
    },
    {
      title: 'Exit status',
      blocks: [
        {
          entries: [
            { tag: '0', text: 'Success.' },
            { tag: '1', text: 'A finding or a mismatch.' },
            { tag: '2', text: 'Wrong usage or configuration, or the host cannot do it.' },
            { tag: '3', text: 'An internal fault of ProdNG.' },
          ],
        },
        { text: 'prodng run and prodng exec exit with the status of the program.' },
      ],
    },
    {
      title: 'Error codes',
      blocks: [
        { text: 'With --format json, and over the API, an error has one of these codes.' },
        {
          entries: Object.entries(errorCodes).map(([code, { exit, meaning }]) => ({
            tag: code,
            text: `${meaning}. Exit status ${exit}.`,
          })),
        },
      ],
    },
  ],
  seeAlso: [
    'prodng (1)',
    'prodng-jail-fields (5)',
    'prodng-agent.json (5)',
    'prodng-signature-policy (5)',
    'prodng-lint-policy (5)',
    'prodng-lint-overrides (5)',
    'prodng-policy (5)',
  ],
};
