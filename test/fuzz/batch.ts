/** A run of cases of one kind, from their numbers: what the threads of the fuzz do. */
import { checkDocument } from './check-document.js';
import { checkTemplates } from './check-templates.js';
import { fuzzedDocument } from './documents.js';
import { fuzzedTemplate } from './templates.js';

export const kinds = ['documents', 'templates'] as const;
export type Kind = (typeof kinds)[number];
export interface Cases { kind: Kind; seed: number; from: number; to: number }
/** A promise that was not kept, with the text that shows it. */
export interface Finding { index: number; what: string; text: string }
export interface BatchReport { accepted: number; stopped: number; slowestMs: number; findings: Finding[] }

/** Rendering costs some twenty times what reading costs: one in so many documents is validated whole. */
const wholeOnceIn = 10;

export const textOf = ({ kind, seed }: Pick<Cases, 'kind' | 'seed'>, index: number): string => (kind === 'documents' ? fuzzedDocument(seed, index) : fuzzedTemplate(seed, index));

/** `beat` is given the case that is under way. */
export const checkCases = (cases: Cases, beat: (index: number) => void): Promise<BatchReport> => (cases.kind === 'documents' ? checkDocuments(cases, beat) : checkAllTemplates(cases, beat));

async function checkDocuments({ from, to, ...cases }: Cases, beat: (index: number) => void): Promise<BatchReport> {
  const report: BatchReport = { accepted: 0, stopped: 0, slowestMs: 0, findings: [] };
  for (let index = from; index < to; index += 1) {
    beat(index);
    const text = textOf(cases, index);
    const { accepted, ms, broken } = await checkDocument(text, index % wholeOnceIn === 0);
    if (accepted) report.accepted += 1;
    report.slowestMs = Math.max(report.slowestMs, ms);
    report.findings.push(...broken.map((what) => ({ index, what, text })));
  }
  return report;
}

async function checkAllTemplates({ from, to, ...cases }: Cases, beat: (index: number) => void): Promise<BatchReport> {
  const made = Array.from({ length: to - from }, (_, offset) => ({ index: from + offset, text: textOf(cases, from + offset) }));
  const { accepted, stopped, ms, broken } = await checkTemplates(made, () => beat(from));
  return { accepted, stopped, slowestMs: ms, findings: broken.map(({ index, what }) => ({ index, what, text: textOf(cases, index) })) };
}
