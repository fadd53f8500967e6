'use client';

import { useEffect, useRef, useState, type ReactNode } from 'react';

/** What may be wider than its place scrolls in it; while it does, the keyboard can get there too. */
export function Wide({ label, minWidth, children }: { label: string; minWidth: number; children: ReactNode }) {
  const box = useRef<HTMLDivElement>(null);
  const [scrolls, setScrolls] = useState(false);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setScrolls(element.scrollWidth > element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const reachable = scrolls ? { tabIndex: 0, role: 'region', 'aria-label': label } : {};
  return <div ref={box} style={{ overflowX: 'auto' }} {...reachable}><div style={{ minWidth }}>{children}</div></div>;
}
