/** What `npm run bench:validate` measures: a document of 500 components on 100 hosts is one that Maestro takes. */
import { bundleOf } from '../../bench/validate/document.js';
import { validateBundle } from '../../control/documents/validate.js';

test('500 components on 100 hosts are read, ordered and rendered', async () => {
  const { yaml, contents, hosts } = bundleOf(500);
  const { ok, errors, warnings, graph, rendered } = await validateBundle(yaml, contents);
  expect({ ok, errors, warnings, hosts }).toEqual({ ok: true, errors: [], warnings: [], hosts: 100 });
  expect([graph?.steps.length, rendered?.placements.length, rendered?.contents.size]).toEqual([500, 500, 500]);
});
