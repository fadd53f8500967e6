'use client';

import { Button, Text } from '@mantine/core';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useCallback, useLayoutEffect, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import type { StepState } from '../../api/words.js';
import { BindingHead } from './binding-head.js';
import type { BindingModel, RolloutModel } from './model/rollout-model.js';
import type { StepModel } from './model/step-model.js';
import { StepRow } from './step-row.js';
import styles from './step-table.module.css';
import { viewWords } from './view-words.js';
import { rolloutWords } from './words.js';

type Item = { key: string; binding: BindingModel } | { key: string; step: StepModel };

/** Up to here all rows are in the document, where the browser's own search finds them. */
const drawnAtOnce = 80;
const rowPx = 46;
const beyond = 10;

const itemsOf = (bindings: readonly BindingModel[], only: StepState | null): Item[] => bindings.flatMap((binding) => {
  const steps = binding.steps.filter(({ state }) => only === null || state === only);
  return steps.length === 0 ? [] : [{ key: `binding-${binding.index}`, binding }, ...steps.map((step) => ({ key: step.id, step }))];
});

interface StepTableProps { model: RolloutModel; only: StepState | null; selected: string | null; onSelect: (step: string) => void; onShowAll: () => void }

/** A row per binding, and below it one per placement. Arrow keys (or j and k) go from placement to placement. */
export function StepTable({ model, only, selected, onSelect, onShowAll }: StepTableProps) {
  const items = useMemo(() => itemsOf(model.bindings, only), [model.bindings, only]);
  const box = useRef<HTMLDivElement>(null);
  const [focusing, setFocusing] = useState<string | null>(null);
  const drawn = useCallback((item: Item, index: number): ReactNode => ('step' in item
    ? <StepRow step={item.step} selected={item.step.id === selected} place={index + 2} onSelect={onSelect} />
    : <div role="row" aria-rowindex={index + 2} className={styles.binding}><div role="rowheader"><BindingHead binding={item.binding} level={2} selected={selected} onSelect={onSelect} /></div></div>),
  [selected, onSelect]);
  const moved = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key];
    const from = event.target instanceof HTMLElement ? event.target.dataset['row'] : undefined;
    if (by === undefined || from === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const steps = items.flatMap((item) => ('step' in item ? [item.step.id] : []));
    setFocusing(steps[steps.indexOf(from) + by] ?? null);
  };
  if (items.length === 0) return <Text p="md">{viewWords.none} <Button size="compact-sm" variant="default" onClick={onShowAll}>{viewWords.showAll}</Button></Text>;
  const { columns } = rolloutWords;
  return (
    <div ref={box} role="table" aria-label={viewWords.table} aria-rowcount={items.length + 1} className={styles.table} onKeyDown={moved}>
      <div role="row" aria-rowindex={1} className={`${styles.row} ${styles.head}`}>
        {[columns.state, columns.placement, columns.host, columns.now, columns.took].map((name) => <div key={name} role="columnheader" className={name === columns.took ? styles.took : undefined}>{name}</div>)}
      </div>
      {items.length <= drawnAtOnce
        ? <AllRows items={items} drawn={drawn} focusing={focusing} onFocused={() => setFocusing(null)} />
        : <NearRows items={items} drawn={drawn} focusing={focusing} onFocused={() => setFocusing(null)} />}
    </div>
  );
}

interface RowsProps { items: readonly Item[]; drawn: (item: Item, index: number) => ReactNode; focusing: string | null; onFocused: () => void }

const focusRow = (body: HTMLElement | null, step: string): boolean => {
  const button = body?.querySelector<HTMLElement>(`[data-row="${CSS.escape(step)}"]`);
  button?.focus();
  return button != null;
};

function AllRows({ items, drawn, focusing, onFocused }: RowsProps) {
  const body = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (focusing === null) return;
    focusRow(body.current, focusing);
    onFocused();
  }, [focusing, onFocused]);
  return <div ref={body} role="rowgroup">{items.map((item, index) => <div key={item.key} role="presentation">{drawn(item, index)}</div>)}</div>;
}

/** Only what is in sight is drawn. */
function NearRows({ items, drawn, focusing, onFocused }: RowsProps) {
  const body = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  // What stands above may grow (a note, the report); the same place again is no news.
  useLayoutEffect(() => { if (body.current) setTop(Math.round(body.current.getBoundingClientRect().top + window.scrollY)); });
  const rows = useWindowVirtualizer({ count: items.length, estimateSize: () => rowPx, overscan: beyond, scrollMargin: top, getItemKey: (index) => items[index]?.key ?? index, useFlushSync: false });
  const range = rows.getVirtualItems();
  useLayoutEffect(() => {
    if (focusing === null) return;
    if (focusRow(body.current, focusing)) onFocused();
    else rows.scrollToIndex(items.findIndex(({ key }) => key === focusing), { align: 'auto' });
  }, [focusing, onFocused, rows, items, range]);
  return (
    <div ref={body} role="rowgroup" className={styles.items} style={{ height: rows.getTotalSize() }}>
      {range.map(({ index, key, start }) => {
        const item = items[index];
        return item === undefined ? null : <div key={String(key)} ref={rows.measureElement} data-index={index} role="presentation" className={`${styles.item} ${styles.floating}`} style={{ transform: `translateY(${start - top}px)` }}>{drawn(item, index)}</div>;
      })}
    </div>
  );
}
