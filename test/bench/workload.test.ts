/** The bench measures a document that Maestro accepts whole, and that says the same as what the other tools get. */
import { hosts, workload, confPath, confText } from '../../bench/workload/workload.js';
import { bundle } from '../../bench/workload/document.js';
import { assertApplicable, validateBundle, type Validation } from '../../control/documents/validate.js';
import { sha256Hex as sha256 } from '../../spec/hash.js';

async function validated(): Promise<Validation> {
  const { yaml, files } = bundle(workload({ note: 'two', tag: '2' }), 'bench');
  const entries = Object.entries(files).map(([path, text]) => ({ path, sha256: sha256(text), size: text.length, mode: 0o644 }));
  return validateBundle(yaml, { entries, texts: files });
}

test('the workload is a valid document without warnings, and all of it is supported', async () => {
  const validation = await validated();
  expect(validation.errors).toEqual([]);
  expect(validation.warnings).toEqual([]);
  assertApplicable(validation);
});

test('it has 20 placements; each but the first of its host waits for exactly that one', async () => {
  const steps = (await validated()).graph?.steps ?? [];
  expect(hosts.map((host) => steps.filter((step) => step.host === host).length)).toEqual([7, 7, 6]);
  const waits = steps.filter(({ waits_for }) => waits_for.length > 0);
  expect(waits.length).toBe(17);
  for (const { host, waits_for } of waits) expect(waits_for.map(({ from }) => from)).toEqual([`${host}/web-${host}-0`]);
});

test('its template renders to the very text the other tools write', async () => {
  const placements = (await validated()).rendered?.placements ?? [];
  for (const component of workload({ note: 'two', tag: '2' })) {
    const files = placements.find((placement) => placement.component === component.name)?.files ?? [];
    expect(files.map(({ path, sha256: hash }) => [path, hash])).toEqual([[confPath(component), sha256(confText(component))]]);
  }
});
