import { agentConfigSchema } from '../../src/agent/state/agent-config.ts';
import { overridesSchema } from '../../src/agent/state/overrides-schema.ts';
import { describeBound } from '../../src/control/bound.ts';
import { jailFieldList } from '../../src/control/jail-fields.ts';
import { lintPolicySchema } from '../../src/lint/policy-file.ts';
import { ruleActions, ruleEvents } from '../../src/policy/policy.ts';
import { policySchema } from '../../src/sign/policy-schema.ts';
import type { Block, ManualPage } from './page.ts';
import { type SchemaRow, schemaRows } from './schema-rows.ts';

/** The pages of section 5. */
export async function filePages(): Promise<ManualPage[]> {
  return [agentJson, jailFields, signaturePolicy, await lintPolicy(), lintOverrides, hostPolicy];
}

const agentJson: ManualPage = {
  name: 'prodng-agent.json',
  section: 5,
  summary: 'configuration of the agent of ProdNG',
  sections: [
    {
      title: 'Synopsis',
      blocks: [{ text: '/etc/prodng/agent.json' }, { text: '/etc/prodng/jails.d/NAME.json' }],
    },
    {
      title: 'Description',
      blocks: [
        {
          text: 'The agent reads agent.json, a JSON object, when it starts. The file and each of its keys may be absent. An unknown key or a value that is not allowed keeps the agent from starting; its message names the key.',
        },
      ],
    },
    { title: 'Keys of agent.json', blocks: [keys(schemaRows(agentConfigSchema))] },
    {
      title: 'Settings of a jail',
      blocks: [
        {
          text: '`prodng set` writes /etc/prodng/jails.d/NAME.json, a JSON object with the keys below; it may also be edited by hand. It is read at each start of the jail. With an unknown key or a value that is not allowed the jail is not started.',
        },
        keys(schemaRows(overridesSchema)),
      ],
    },
    {
      title: 'Example',
      blocks: [
        {
          example: `{
  "signaturePolicy": "/etc/prodng/signatures.json",
  "networks": {
    "lan": { "uplink": "eth0", "subnet": "192.0.2.0/24", "gateway": "192.0.2.1" }
  }
}`,
        },
      ],
    },
  ],
  seeAlso: ['prodng-agent (1)', 'prodng-set (1)', 'prodng-signature-policy (5)'],
};

const jailFields: ManualPage = {
  name: 'prodng-jail-fields',
  section: 5,
  summary: 'control fields that declare what a jail needs',
  sections: [
    {
      title: 'Description',
      blocks: [
        {
          text: 'A jail source declares what its service needs in the stanza of its binary package in debian/control, in fields named XB-Jail-NAME. dpkg copies them into the control file of the .deb as Jail-NAME. Everything that is not declared is denied. Sizes are numbers of bytes with `K`, `M`, `G` or `T` (powers of 1024); times are numbers with `ms`, `s`, `min` or `h`.',
        },
      ],
    },
    {
      title: 'Fields',
      blocks: [
        {
          entries: jailFieldList.map((field) => ({
            tag: `Jail-${field.name}: ${field.syntax}`,
            text: [
              field.doc,
              field.required ? 'Required.' : `The default is \`${field.default ?? 'none'}\`.`,
              ...field.bounds.map((bound) => `Bounds: ${bound.what} ${describeBound(bound)}.`),
            ].join('\n'),
            example: `XB-Jail-${field.name}: ${field.example.replaceAll('\n', '\n ')}`,
          })),
        },
      ],
    },
  ],
  seeAlso: ['prodng-build (1)', 'prodng-lint (1)', 'deb-control (5)'],
};

const signaturePolicy: ManualPage = {
  name: 'prodng-signature-policy',
  section: 5,
  summary: 'whose signatures a package must have',
  sections: [
    {
      title: 'Description',
      blocks: [
        {
          text: 'A signature policy is a JSON object. It is read by `prodng verify --policy`, by `prodng publish --signature-policy`, and by the agent, whose agent.json names it as `signaturePolicy`. Signatures by keys outside of its keyrings are ignored.',
        },
      ],
    },
    { title: 'Keys', blocks: [keys(schemaRows(policySchema))] },
    {
      title: 'Example',
      blocks: [
        {
          example: `{
  "keyring": ["release.asc"],
  "require": [
    {
      "name": "release",
      "keys": ["0123456789ABCDEF0123456789ABCDEF01234567"],
      "atLeast": 1
    }
  ]
}`,
        },
      ],
    },
  ],
  seeAlso: ['prodng-verify (1)', 'prodng-sign (1)', 'prodng-key (1)'],
};

async function lintPolicy(): Promise<ManualPage> {
  return {
    name: 'prodng-lint-policy',
    section: 5,
    summary: "a site's rules for prodng lint",
    sections: [
      {
        title: 'Description',
        blocks: [
          {
            text: 'A lint policy is a JSON object, read by `prodng lint --policy` and `prodng publish --lint-policy`. Its findings are errors that no source can override. A key that is absent restricts nothing; only `format` is required.',
          },
        ],
      },
      { title: 'Keys', blocks: [keys(schemaRows(await lintPolicySchema()))] },
      {
        title: 'Example',
        blocks: [
          {
            example: `{
  "format": 1,
  "capabilities": { "forbidden": ["SYS_ADMIN"] },
  "limits": { "required": ["Memory"], "memory": "2G" },
  "tags": { "shell-in-rootfs": "warning" }
}`,
          },
        ],
      },
    ],
    seeAlso: ['prodng-lint (1)', 'prodng-lint-overrides (5)'],
  };
}

const lintOverrides: ManualPage = {
  name: 'prodng-lint-overrides',
  section: 5,
  summary: 'findings of prodng lint that a source accepts',
  sections: [
    {
      title: 'Description',
      blocks: [
        {
          text: 'debian/jail.lint-overrides of a jail source is a deb822 file with one stanza for each accepted finding. The .deb carries it beside its lock. An override that is malformed, expired or covers nothing is a finding itself.',
        },
      ],
    },
    {
      title: 'Fields',
      blocks: [
        {
          entries: [
            { tag: 'Tag', text: 'The tag: see prodng lint --list-tags. Required.' },
            { tag: 'Reason', text: 'Why the finding is accepted. Required.' },
            {
              tag: 'Context',
              text: 'Only findings with this context, as prodng lint --format json reports it; `*` matches any characters. Without it, all findings of the tag.',
            },
            { tag: 'Expires', text: 'The last day on which the override holds: YYYY-MM-DD.' },
          ],
        },
      ],
    },
    {
      title: 'Example',
      blocks: [
        {
          example:
            'Tag: compiler-in-rootfs\nContext: /usr/bin/tcc\nReason: the service compiles the rules that it is given\nExpires: 2027-01-01',
        },
      ],
    },
  ],
  seeAlso: ['prodng-lint (1)', 'prodng-lint-policy (5)', 'deb822 (5)'],
};

const hostPolicy: ManualPage = {
  name: 'prodng-policy',
  section: 5,
  summary: 'what is done when jails violate their declarations',
  sections: [
    {
      title: 'Description',
      blocks: [
        {
          text: 'A policy is a deb822 file: one stanza that names it and its jails, then one for each rule. `prodng policy check` says whether this host can enforce it. An unknown field or value is an error.',
        },
      ],
    },
    {
      title: 'Fields of the first stanza',
      blocks: [
        {
          entries: [
            { tag: 'Policy', text: 'Its name. Required.' },
            { tag: 'Jails', text: 'Names of jails; `*` matches any characters. Required.' },
            {
              tag: 'Mode',
              text: '`enforce` (the default), or `observe`: actions are not taken, and what would have been done is reported.',
            },
          ],
        },
      ],
    },
    {
      title: 'Fields of a rule',
      blocks: [
        {
          entries: [
            { tag: 'On', text: `The event: one of ${ruleEvents.join(', ')}. Required.` },
            {
              tag: 'Match',
              text: 'System calls or capabilities, or `any`, which is the default. A rule that names one precedes a rule for any.',
            },
            { tag: 'Action', text: `One of ${ruleActions.join(', ')}. Required.` },
          ],
        },
      ],
    },
    {
      title: 'Example',
      blocks: [
        {
          example:
            'Policy: strict\nJails: *\nMode: enforce\n\nOn: syscall-refused\nMatch: mount, ptrace\nAction: kill\n\nOn: capability-denied\nAction: log',
        },
      ],
    },
  ],
  seeAlso: ['prodng-policy (1)', 'prodng-audit (1)', 'prodng-run (1)'],
};

function keys(rows: readonly SchemaRow[]): Block {
  return {
    entries: rows.map(({ key, type, description, required, standard }) => ({
      tag: key,
      text: [
        description === '' ? '' : `${description.replace(/[^.]$/, '$&.')}`,
        type === '' ? '' : `Type: ${type}.`,
        required ? 'Required.' : '',
        standard === undefined ? '' : `The default is \`${standard}\`.`,
      ]
        .filter((sentence) => sentence !== '')
        .join('\n'),
    })),
  };
}
