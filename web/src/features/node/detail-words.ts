import { plural } from '../../ui/plural.js';

export const detailWords = {
  heading: 'node',
  diagnostics: 'Diagnostics',
  facts: { docker: 'Docker', systemd: 'systemd', missing: 'Also missing', seen: 'Last word', version: 'Host worker', address: 'Address', certificate: 'Certificate', enrolled: 'Came in', tags: 'Tags for grants' },
  unknown: 'not known',
  notEnrolled: 'not by an enrollment',
  noTags: 'none',
  noCertificate: 'none of this control plane',
  certificateUntil: 'good until',
  certificateOver: 'ran out',
  expired: { title: 'The certificate has run out', sentence: 'The host renews it by itself as long as it reaches the gateway, and for a week after its end. Check that maestro-host runs there; after that week, enroll it anew with "replace".' },
  policy: {
    title: 'What documents may ask of it',
    lead: 'Beyond the ordinary, documents get only what is allowed here. Whoever may deploy to this host gets it with them.',
    save: 'Save what is allowed',
    saved: 'Saved. It holds for every rollout from its next step on.',
    undo: 'Undo',
    none: 'Nothing beyond the ordinary.',
    change: (added: number, removed: number) => [...(added > 0 ? [`${plural(added, 'permission')} more`] : []), ...(removed > 0 ? [`${plural(removed, 'permission')} less`] : [])].join(', '),
  },
  components: {
    title: 'Components on it',
    lead: 'Of all deploys that you may see, as the host itself sees them.',
    columns: { deploy: 'Deploy', component: 'Component', state: 'State', version: 'Version', drift: 'Drift' },
    none: 'Nothing is deployed to it. Name it under hosts in a document.',
    noDrift: 'none',
    newDeploy: 'New deploy',
  },
  replace: 'Replace…',
} as const;
