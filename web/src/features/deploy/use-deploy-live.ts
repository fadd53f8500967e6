'use client';

import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { followEvents } from '../../api/browser-stream.js';
import { keys } from '../../api/keys.js';

const rereadAfterMs = 300;

/** Reads the deploy again when a host has told something new of it. */
export function useDeployLive(deployId: string): void {
  const queries = useQueryClient();
  useEffect(() => {
    let rereading: ReturnType<typeof setTimeout> | null = null;
    const reread = () => {
      rereading ??= setTimeout(() => {
        rereading = null;
        void queries.invalidateQueries({ queryKey: keys.deploy(deployId), exact: true });
      }, rereadAfterMs);
    };
    const stop = followEvents({ deployId }, {
      onEvents: (events) => { if (events.some(({ type }) => type === 'component.state' || type === 'component.drift')) reread(); },
      onStatus: () => undefined,
      onGap: reread,
    }, null);
    return () => {
      if (rereading) clearTimeout(rereading);
      stop();
    };
  }, [deployId, queries]);
}
