'use client';

import { Button, Group, Stack, Text, Title } from '@mantine/core';
import { useEffect, useRef, useState, type ReactNode, type RefObject } from 'react';
import type { Deploy, Node } from '../../api/types.js';
import { Note } from '../../ui/note.js';
import { Panel } from '../../ui/panel.js';
import { ProblemCard } from '../../ui/problem-card.js';
import { Findings } from '../bundle/findings.js';
import { useRight, useSignedIn } from '../session/me-context.js';
import { sessionWords } from '../session/words.js';
import { EntryStep, type Chosen } from './entry-step.js';
import { IntentStep } from './intent-step.js';
import type { Base } from './model/base.js';
import { initialAnswers } from './model/begin.js';
import { draftKey } from './model/draft.js';
import { fieldOf, type FieldProblems } from './model/field-problems.js';
import { fieldSteps, stepAfter, stepBefore, stepsOf, type Field, type Step } from './model/steps.js';
import { PlacementStep } from './placement-step.js';
import { ReviewStep } from './review-step.js';
import { RuntimeStep } from './runtime-step.js';
import { DetailsStep, SourceStep } from './source-step.js';
import { StepList } from './step-list.js';
import { useAnswers } from './use-answers.js';
import { useDocument } from './use-document.js';
import type { Place } from './use-place.js';
import { WizardProvider } from './wizard-context.js';
import { stepWords, wizardWords as words } from './words.js';
import { YamlPane } from './yaml-pane.js';
import styles from './wizard.module.css';

/** The deploy that is changed, and the version that the change is made on. */
export interface Stored { deploy: Deploy; base: Base; number: number; onRebase: () => void }
interface WizardProps { chosen: RefObject<Chosen | null>; place: Place; onPlace: (to: Place) => void; nodes: Node[]; stored: Stored | null }

const problemsIn = (problems: FieldProblems, step: Step): Field[] => (Object.keys(problems) as Field[]).filter((field) => fieldSteps[field] === step);
const only = (problems: FieldProblems, isShown: (step: Step) => boolean): FieldProblems => Object.fromEntries(Object.entries(problems).filter(([field]) => isShown(fieldSteps[field as Field])));

/** The text as it was when the step was opened. */
function useOpened(step: Step, yaml: string): string {
  const [opened, setOpened] = useState({ step, yaml });
  if (opened.step !== step) setOpened({ step, yaml });
  return opened.yaml;
}

/** A step that is come to has the focus at its heading, so that keyboard and screen reader go on from there. */
function useFocusOn(step: Step) {
  const heading = useRef<HTMLHeadingElement>(null);
  const moved = useRef(step);
  useEffect(() => {
    if (moved.current !== step) heading.current?.focus();
    moved.current = step;
  }, [step]);
  return heading;
}

const focusWrong = (): void => document.querySelector<HTMLElement>('#wizard-form [aria-invalid="true"]')?.focus();

export function Wizard({ chosen, place, onPlace, nodes, stored }: WizardProps) {
  const { entry, deploy: deployId, component, step } = place;
  const base = stored?.base ?? null;
  const user = useSignedIn()?.id ?? '';
  const { answers, set, forget, startOver } = useAnswers({
    key: draftKey(user, entry, deployId, component), version: stored?.number ?? null, isChange: entry === 'upgrade-component', initial: () => initialAnswers({ entry, component, base, nodes }),
  });
  const [left, setLeft] = useState<ReadonlySet<Step>>(new Set());
  const { yaml, refused, missing, whole, validation, findings, told, ready } = useDocument(place, base, answers);
  const found = { ...told, ...missing };
  const reached = stepsOf(entry).indexOf(step);
  // What is not answered yet is no mistake before its step was left.
  const shown = { ...told, ...only(missing, (one) => left.has(one) || step === 'review') };
  const opened = useOpened(step, yaml);
  const heading = useFocusOn(step);
  const may = useRight('deploy.write');

  const go = (to: Step) => {
    setLeft((before) => new Set([...before, step]));
    onPlace({ ...place, step: to });
  };
  const next = stepAfter(entry, step);
  const back = stepBefore(entry, step);
  const forward = () => {
    setLeft((before) => new Set([...before, step]));
    if (next !== null && problemsIn(missing, step).length === 0) go(next);
    else requestAnimationFrame(focusWrong);
  };
  const stateOf = (one: Step): 'mend' | 'done' | 'open' => (problemsIn(shown, one).length > 0 ? 'mend' : left.has(one) && stepsOf(entry).indexOf(one) !== reached ? 'done' : 'open');
  const chooseEntry = (to: Pick<Place, 'entry' | 'deploy' | 'component'>) => onPlace({ ...to, step: 'entry' });
  const pick = (line: number, column: number) => {
    const finding = findings.find((item) => item.line === line && item.column === column);
    const field = finding === undefined ? null : fieldOf(finding, answers);
    if (field !== null) go(fieldSteps[field]);
  };

  const bodies: Record<Step, () => ReactNode> = {
    entry: () => <EntryStep chosen={chosen} entry={entry} deployId={deployId} component={component} base={base} onGo={chooseEntry} />,
    intent: () => <IntentStep />,
    source: () => <SourceStep />,
    details: () => <DetailsStep />,
    placement: () => <PlacementStep />,
    runtime: () => <RuntimeStep />,
    review: () => (
      <ReviewStep
        open={found} yaml={yaml} unchanged={yaml === base?.yaml} onStep={go} onSaved={forget}
        ready={ready}
        stored={stored === null ? null : { deploy: stored.deploy, base: stored.number, onRebase: stored.onRebase }}
      />
    ),
  };

  return (
    <WizardProvider value={{ entry, answers, set, problems: shown, base, nodes }}>
      <StepList entry={entry} step={step} state={stateOf} onStep={go} />
      <Stack gap="md">
        {!may && <Note tone="warn" title={words.noRight}><Text size="sm">{sessionWords.lacksRight('deploy.write')}</Text></Note>}
        {refused !== null && <Note tone="bad" title={words.refused} role="alert"><Text size="sm">{refused}</Text></Note>}
        <div className={styles.layout}>
          <Panel>
            <form id="wizard-form" className={styles.form} noValidate onSubmit={(event) => { event.preventDefault(); forward(); }}>
              <Stack gap="md">
                <div>
                  <Text size="xs" c="dimmed">{words.stepOf(reached + 1, stepsOf(entry).length)}</Text>
                  <Title order={2} size="h4" tabIndex={-1} ref={heading} className={styles.heading}>{stepWords[step].title}</Title>
                  <Text size="sm" c="dimmed">{stepWords[step].lead}</Text>
                </div>
                {bodies[step]()}
                <Group gap="sm">
                  {back !== null && <Button variant="default" onClick={() => go(back)}>{words.back}</Button>}
                  {next !== null && <Button type="submit">{words.next}</Button>}
                  <Button variant="subtle" onClick={() => { startOver(); setLeft(new Set()); onPlace({ ...place, step: 'entry' }); }}>{words.startOver}</Button>
                </Group>
                <Text size="xs" c="dimmed">{words.kept}</Text>
              </Stack>
            </form>
          </Panel>
          <Stack gap="md">
            <YamlPane entry={entry} before={base?.yaml ?? opened} yaml={yaml} />
            {whole && <Panel p="sm">{validation.answer.error ? <ProblemCard error={validation.answer.error} onRetry={() => void validation.answer.refetch()} /> : <Findings validation={validation.answer.data} settled={validation.settled} empty={validation.empty} onPick={pick} />}</Panel>}
          </Stack>
        </div>
      </Stack>
    </WizardProvider>
  );
}
