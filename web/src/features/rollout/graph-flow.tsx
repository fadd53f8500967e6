'use client';

import '@xyflow/react/dist/style.css';
import { Text, useComputedColorScheme } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { Background, Controls, MarkerType, Panel, ReactFlow, type Edge, type ReactFlowInstance } from '@xyflow/react';
import { useEffect, useMemo, useState } from 'react';
import { ends, HostBoxNode, StepBoxNode, type HostNode, type StepNode } from './graph-nodes.js';
import { graphPicture, nodeSize, type GraphPicture } from './model/graph-layout.js';
import type { StepModel } from './model/step-model.js';
import { graphWords } from './view-words.js';

const nodeTypes = { host: HostBoxNode, step: StepBoxNode };
const still = { draggable: false, connectable: false, selectable: false, focusable: false } as const;
/** Beyond this many placements only what is in sight is drawn. */
const manySteps = 120;

/** Smaller, nobody can read or hit a placement; who wants the whole picture zooms out. */
const readableZoom = 0.6;

const fit = { padding: 0.08, minZoom: readableZoom, maxZoom: 1.1 };

const colours = { depends: 'var(--tone-busy)', order: 'var(--tone-idle)' } as const;

const hostOf = (step: string): string => step.slice(0, step.indexOf('/'));
const handles = (from: string, to: string) => (from.includes('/') && hostOf(from) === hostOf(to) ? { sourceHandle: ends.below, targetHandle: ends.above } : { sourceHandle: ends.out, targetHandle: ends.in });

const edgesOf = ({ connections }: GraphPicture): Edge[] => connections.map(({ id, from, to, kind }) => ({
  id, source: from, target: to, ...handles(from, to), focusable: false, selectable: false, zIndex: kind === 'depends' ? 2 : 0,
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
  // The details that open beside it make it narrower: what was in sight shall be so still.
  const { ref, width } = useElementSize();
  const [flow, setFlow] = useState<ReactFlowInstance<HostNode | StepNode> | null>(null);
  useEffect(() => { if (width > 0) void flow?.fitView(fit); }, [flow, width]);
  return (
    <div ref={ref} style={{ height: '100%' }}>
      <ReactFlow
        nodes={nodes} edges={edges} nodeTypes={nodeTypes} colorMode={scheme} fitView fitViewOptions={fit} onInit={setFlow} minZoom={0.05} maxZoom={2}
        nodesDraggable={false} nodesConnectable={false} nodesFocusable={false} edgesFocusable={false} elementsSelectable={false} preventScrolling={false} zoomOnScroll={false} panOnScroll={false}
        onlyRenderVisibleElements={steps.length > manySteps} style={{ background: 'transparent' }}
      >
        <Background color="var(--line)" />
        <Controls showInteractive={false} />
        {picture.leftOut > 0 && <Panel position="top-left"><Text size="xs">{graphWords.tooMany(picture.leftOut)}</Text></Panel>}
      </ReactFlow>
    </div>
  );
}
