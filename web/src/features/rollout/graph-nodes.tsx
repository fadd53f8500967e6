import { UnstyledButton } from '@mantine/core';
import { Handle, Position, type Node, type NodeProps } from '@xyflow/react';
import { memo } from 'react';
import styles from './graph.module.css';
import type { StepModel } from './model/step-model.js';
import { stepLooks } from './state-looks.js';
import { stepLine } from './step-now.js';
import { rolloutWords, stepStateWords } from './words.js';

export type HostNode = Node<{ host: string }, 'host'>;
export type StepNode = Node<{ step: StepModel; selected: boolean; onSelect: (step: string) => void }, 'step'>;

/** Where connections begin and end: from above and below on the same host, from the sides between hosts. */
export const ends = { in: 'in', out: 'out', above: 'above', below: 'below' } as const;

function Ends() {
  const common = { className: styles.handle, isConnectable: false } as const;
  return (
    <>
      <Handle id={ends.in} type="target" position={Position.Left} {...common} />
      <Handle id={ends.out} type="source" position={Position.Right} {...common} />
      <Handle id={ends.above} type="target" position={Position.Top} {...common} />
      <Handle id={ends.below} type="source" position={Position.Bottom} {...common} />
    </>
  );
}

export const HostBoxNode = memo(function HostBoxNode({ data }: NodeProps<HostNode>) {
  return <div className={styles.host}><Ends /><div className={styles.hostName} title={data.host}>{data.host}</div></div>;
});

/** A placement: its state by icon, word and colour; what it waits for is its second line. */
export const StepBoxNode = memo(function StepBoxNode({ data: { step, selected, onSelect } }: NodeProps<StepNode>) {
  const { icon: Icon, tone } = stepLooks[step.state];
  const line = stepLine(step);
  return (
    <UnstyledButton className={`${styles.step} nopan nodrag`} data-tone={tone} data-selected={selected || undefined} aria-expanded={selected} aria-label={`${rolloutWords.details(step.component, step.host)}: ${stepStateWords[step.state]}`} title={line} onClick={() => onSelect(step.id)}>
      <Ends />
      <span className={styles.title}><Icon size={13} aria-hidden style={{ flex: 'none' }} /><span className={styles.cut}>{step.component}</span></span>
      <span className={styles.cut}>{line === '' ? stepStateWords[step.state] : line}</span>
    </UnstyledButton>
  );
});
