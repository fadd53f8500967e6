'use client';

import { Anchor, Group, List, SimpleGrid, Stack, Table, Text, Title } from '@mantine/core';
import { useMemo, type ReactNode } from 'react';
import { CopyButton } from '../../ui/copy-button.js';
import { formatDuration } from '../../ui/format.js';
import { Panel } from '../../ui/panel.js';
import { Fixed, TimeAgo } from '../../ui/time.js';
import { reportMarkdown, placementName, answerText } from './model/report-markdown.js';
import { reportOf, type Report } from './model/report.js';
import type { RolloutModel } from './model/rollout-model.js';
import type { StepModel } from './model/step-model.js';
import { reportWords as words } from './view-words.js';
import { phaseNames, stepStateWords } from './words.js';

const namedMax = 6;
type Select = (step: string) => void;

function Names({ steps, onSelect }: { steps: readonly StepModel[]; onSelect: Select }) {
  return (
    <>
      {steps.slice(0, namedMax).map((step, index) => <span key={step.id}>{index > 0 && ', '}<Anchor component="button" type="button" size="sm" onClick={() => onSelect(step.id)}>{placementName(step)}</Anchor></span>)}
      {steps.length > namedMax && ` ${words.more(steps.length - namedMax)}`}
    </>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return <section><Title order={3} size="h6" mb={2}>{title}</Title>{children}</section>;
}

function Changed({ report, onSelect }: { report: Report; onSelect: Select }) {
  return (
    <Part title={words.changed}>
      {report.changed.length === 0 && <Text size="sm">{words.nothingChanged}</Text>}
      <List size="sm">
        {report.changed.map(({ action, steps }) => <List.Item key={action} className="breakable">{steps.length} {words.done[action]}: <Names steps={steps} onSelect={onSelect} /></List.Item>)}
        {report.unchanged > 0 && <List.Item>{words.unchanged(report.unchanged)}</List.Item>}
      </List>
      {report.changed.length > 0 && <Text size="sm" mt={4}>{report.restarts.length === 0 ? words.noRestarts : <>{words.restarts}: <Names steps={report.restarts} onSelect={onSelect} /></>}</Text>}
      {report.retried.length > 0 && <Text size="sm">{words.retried}: <Names steps={report.retried} onSelect={onSelect} /></Text>}
    </Part>
  );
}

function Left({ left, onSelect }: { left: readonly StepModel[]; onSelect: Select }) {
  if (left.length === 0) return null;
  return (
    <Part title={words.left}>
      <List size="sm">
        {left.slice(0, namedMax).map((step) => <List.Item key={step.id} className="breakable"><Names steps={[step]} onSelect={onSelect} /> {stepStateWords[step.state].toLowerCase()}{step.reason === null ? '' : `: ${step.reason}`}</List.Item>)}
        {left.length > namedMax && <List.Item>{words.more(left.length - namedMax)}</List.Item>}
      </List>
    </Part>
  );
}

function Slowest({ slowest, onSelect }: { slowest: Report['slowest']; onSelect: Select }) {
  if (slowest.length === 0) return null;
  return (
    <Part title={words.slowest}>
      <List size="sm" type="ordered">
        {slowest.map(({ step, workMs, phase }) => <List.Item key={step.id} className="breakable"><Names steps={[step]} onSelect={onSelect} /> <Fixed>{formatDuration(workMs)}</Fixed>{phase !== null && `, ${words.mostlyIn(phaseNames[phase])}`}</List.Item>)}
      </List>
    </Part>
  );
}

function Phases({ phases }: { phases: Report['phases'] }) {
  if (phases.length === 0) return null;
  return (
    <Part title={words.phases}>
      <Table withRowBorders={false} verticalSpacing={1} fz="sm" w="auto" aria-label={words.phases}>
        <Table.Thead><Table.Tr><Table.Th>{words.phase}</Table.Th><Table.Th ta="right">{words.total}</Table.Th><Table.Th ta="right">{words.of}</Table.Th></Table.Tr></Table.Thead>
        <Table.Tbody>{phases.map(({ phase, totalMs, count }) => <Table.Tr key={phase}><Table.Th scope="row" fw={400}>{phaseNames[phase]}</Table.Th><Table.Td ta="right"><Fixed>{formatDuration(totalMs)}</Fixed></Table.Td><Table.Td ta="right">{count}</Table.Td></Table.Tr>)}</Table.Tbody>
      </Table>
    </Part>
  );
}

function Answers({ answers }: Pick<Report, 'answers'>) {
  return (
    <Part title={words.answers}>
      {answers.length === 0 && <Text size="sm">{words.noAnswers}</Text>}
      <List size="sm">{answers.map((answer, index) => <List.Item key={index} className="breakable">{answerText(answer)} (<TimeAgo at={answer.at} />)</List.Item>)}</List>
    </Part>
  );
}

/** What came of a rollout that has ended. */
export function ReportPanel({ model, onSelect }: { model: RolloutModel; onSelect: Select }) {
  const report = useMemo(() => reportOf(model), [model]);
  return (
    <section aria-label={words.title}>
      <Panel>
      <Stack gap="sm">
        <Group justify="space-between">
          <Title order={2} size="h5">{words.title}</Title>
          <CopyButton label={words.copy} text={reportMarkdown(model, report)} />
        </Group>
        {report.durationMs !== null && <Text size="sm">{words.took} <Fixed>{formatDuration(report.durationMs)}</Fixed>{report.restedMs > 0 && `, ${words.rested(formatDuration(report.restedMs))}`}.</Text>}
        <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="md" verticalSpacing="sm">
          <Changed report={report} onSelect={onSelect} />
          <Left left={report.left} onSelect={onSelect} />
          <Slowest slowest={report.slowest} onSelect={onSelect} />
          <Phases phases={report.phases} />
          <Answers answers={report.answers} />
        </SimpleGrid>
      </Stack>
      </Panel>
    </section>
  );
}
