/** What the audit page shows, as its address says it; pure. */
export const filterKeys = ['actor', 'action', 'target', 'result', 'since', 'until'] as const;
export type FilterKey = (typeof filterKeys)[number];
export type AuditFilter = Partial<Record<FilterKey, string>>;
export const results = ['ok', 'refused', 'failed'] as const;
export type Result = (typeof results)[number];

const isResult = (text: string): boolean => results.some((one) => one === text);
const isTime = (text: string): boolean => !Number.isNaN(Date.parse(text));

/** What makes no sense in an address is left out, and not asked of the server. */
export function readFilter(params: { get: (name: string) => string | null }): AuditFilter {
  const given = filterKeys.flatMap((key): [FilterKey, string][] => {
    const value = params.get(key)?.trim() ?? '';
    const good = value !== '' && value.length <= 200 && (key !== 'result' || isResult(value)) && ((key !== 'since' && key !== 'until') || isTime(value));
    return good ? [[key, value]] : [];
  });
  return Object.fromEntries(given);
}

/** The address of a filter; empty parts are not in it. */
export function filterPath(filter: AuditFilter): string {
  const query = new URLSearchParams(filterKeys.flatMap((key): [string, string][] => (filter[key] ? [[key, filter[key]]] : []))).toString();
  return query === '' ? '/audit' : `/audit?${query}`;
}

const two = (value: number): string => String(value).padStart(2, '0');

/** ISO time ⇄ the text of a field for local dates and times. */
export function toField(iso: string | undefined): string {
  if (iso === undefined || !isTime(iso)) return '';
  const at = new Date(iso);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`;
}
export const fromField = (text: string): string => (isTime(text) ? new Date(text).toISOString() : '');
