'use client';

import '@xyflow/react/dist/style.css';
import { useComputedColorScheme } from '@mantine/core';
import { Background, Controls, MarkerType, ReactFlow, type Edge } from '@xyflow/react';
import { useMemo } from 'react';
import { HostBoxNode, StepBoxNode, type HostNode, type StepNode } from './graph-nodes.js';
import { graphPicture, nodeSize, type GraphPicture } from './model/graph-layout.js';
import type { StepModel } from './model/step-model.js';
import { graphWords } from './view-words.js';

const nodeTypes = { host: HostBoxNode, step: StepBoxNode };
const still = { draggable: false, connectable: false, selectable: false, focusable: false } as const;
/** Beyond this many placements only what is in sight is drawn. */
const manySteps = 120;

/** Smaller, nobody can read or hit a placement; who wants the whole picture zooms out. */
const readableZoom = 0.6;

const colours = { depends: 'var(--tone-busy)', order: 'var(--tone-idle)' } as const;

const edgesOf = ({ connections }: GraphPicture): Edge[] => connections.map(({ id, from, to, kind }) => ({
  id, source: from, target: to, focusable: false, selectable: false, zIndex: kind === 'depends' ? 2 : 0,
  style: { stroke: colours[kind], strokeWidth: 1.4, ...(kind === 'order' ? { strokeDasharray: '5 4' } : {}) },
  markerEnd: { type: MarkerType.ArrowClosed, color: colours[kind], width: 16, height: 16 },
  ariaLabel: `${to} ${kind === 'depends' ? graphWords.depends : graphWords.order} ${from}`,
}));

interface FlowProps { steps: StepModel[]; selected: string | null; onSelect: (step: string) => void }

/** What the layout depends on: who there is and who waits for whom, not how they stand. */
const shapeOf = (steps: readonly StepModel[]): string => steps.map(({ id, waitsFor }) => `${id}<${waitsFor.map(({ from, reason }) => `${from}${reason}`).join()}`).join('|');

export default function GraphFlow({ steps, selected, onSelect }: FlowProps) {
  const scheme = useComputedColorScheme('light');
  const shape = shapeOf(steps);
  // The shape is all that the layout reads of the steps.
  const picture = useMemo(() => graphPicture({ steps }), [shape]);
  const edges = useMemo(() => edgesOf(picture), [picture]);
  const nodes = useMemo(() => {
    const now = new Map(steps.map((step) => [step.id, step]));
    return picture.hosts.flatMap(({ id, host, x, y, width, height, steps: placed }): (HostNode | StepNode)[] => [
      { id, type: 'host', position: { x, y }, width, height, data: { host }, ...still, zIndex: 0 },
      ...placed.map(({ step, x: left, y: top }): StepNode => ({
        id: step.id, type: 'step', parentId: id, position: { x: left, y: top }, width: nodeSize.width, height: nodeSize.height, zIndex: 1,
        data: { step: now.get(step.id) ?? step, selected: step.id === selected, onSelect }, ...still,
      })),
    ]);
  }, [picture, steps, selected, onSelect]);
  return (
    <ReactFlow
      nodes={nodes} edges={edges} nodeTypes={nodeTypes} colorMode={scheme} fitView fitViewOptions={{ padding: 0.08, minZoom: readableZoom, maxZoom: 1.1 }} minZoom={0.05} maxZoom={2}
      nodesDraggable={false} nodesConnectable={false} nodesFocusable={false} edgesFocusable={false} elementsSelectable={false} preventScrolling={false} zoomOnScroll={false} panOnScroll={false}
      onlyRenderVisibleElements={steps.length > manySteps} style={{ background: 'transparent' }}
    >
      <Background color="var(--line)" />
      <Controls showInteractive={false} />
    </ReactFlow>
  );
}
