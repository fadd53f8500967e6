import type { Grants } from '../../api/types.js';
import { plural } from '../../ui/plural.js';

export const accessWords = {
  closed: 'This page is not for you',
  deploys: 'Only some deploys',
  deploysHint: 'These alone are seen and changed; no others can be made.',
  deploysNone: 'There are no deploys yet to choose from.',
  tags: 'Only hosts with one of these tags',
  tagsHint: 'Separated by commas. Tags are given to hosts by administrators; deploys are seen when all of their hosts have one.',
  tagsEmpty: 'No tag: nothing is left to see.',
  everything: 'everything',
  summary: ({ deploys, host_tags: tags }: Grants): string => {
    const parts = [...(deploys === undefined ? [] : [plural(deploys.length, 'deploy')]), ...(tags === undefined ? [] : [`hosts tagged ${tags.length === 0 ? 'nothing' : tags.join(', ')}`])];
    return parts.length === 0 ? 'everything' : `only ${parts.join(' on ')}`;
  },
} as const;
