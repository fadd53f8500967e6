/** A rollout's report as text for a ticket or a chat. */
import { formatDuration } from '../../../ui/format.js';
import { reportWords as words, viewWords } from '../view-words.js';
import { kindWords, phaseNames, rolloutStateWords, rolloutWords, stepStateWords } from '../words.js';
import type { Report } from './report.js';
import type { RolloutModel } from './rollout-model.js';
import { rolloutSentence } from './rollout-sentence.js';
import type { StepModel } from './step-model.js';

export const placementName = ({ component, host }: Pick<StepModel, 'component' | 'host'>): string => viewWords.panel(component, host);

/** `ada skipped db on db-01: served by the old one`. */
export function answerText({ by, verb, step, note, version, binding }: Report['answers'][number]): string {
  const [host = '', component = ''] = step?.split('/') ?? [];
  const what = [words.verbs[verb], step === null ? null : placementName({ host, component }), version === null ? null : rolloutWords.withVersion(version), binding === null ? null : rolloutWords.binding(binding)];
  return `${by} ${what.filter((part) => part !== null).join(' ')}${note === null ? '' : `: ${note}`}`;
}

/** Text that comes from elsewhere does not become markup. */
const plain = (text: string): string => text.replaceAll(/[\\`*_[\]<>#|~]/g, '\\$&').replaceAll(/\s+/g, ' ');

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', `### ${title}`, ...lines.map((line) => `- ${line}`)];
}

export function reportMarkdown(model: RolloutModel, report: Report): string {
  const names = (steps: readonly StepModel[]) => plain(steps.map(placementName).join(', '));
  return [
    `## ${plain(rolloutWords.title(model.deployName, model.version))}: ${rolloutStateWords[model.state]}`,
    '',
    plain(rolloutSentence(model)),
    `${kindWords[model.kind]} ${plain(model.startedBy === null ? '' : rolloutWords.startedBy(model.startedBy))}, ${model.startedAt ?? ''}${report.durationMs === null ? '' : `, ${formatDuration(report.durationMs)}`}${report.restedMs === 0 ? '' : `, ${words.rested(formatDuration(report.restedMs))}`}.`,
    ...section(words.changed, [...report.changed.map(({ action, steps }) => `${steps.length} ${words.done[action]}: ${names(steps)}`), ...(report.unchanged > 0 ? [words.unchanged(report.unchanged)] : [])]),
    ...section(words.left, report.left.map((step) => `${plain(placementName(step))} ${stepStateWords[step.state].toLowerCase()}${step.reason === null ? '' : `: ${plain(step.reason)}`}`)),
    ...section(words.restarts, report.restarts.length === 0 ? [] : [names(report.restarts)]),
    ...section(words.slowest, report.slowest.map(({ step, workMs }) => `${plain(placementName(step))}: ${formatDuration(workMs)}`)),
    ...section(words.phases, report.phases.map(({ phase, totalMs, count }) => `${phaseNames[phase]}: ${formatDuration(totalMs)} (${count})`)),
    ...section(words.answers, report.answers.map((answer) => `${plain(answerText(answer))} (${answer.at})`)),
    '',
  ].join('\n');
}
