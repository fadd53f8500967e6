'use client';

import { Drawer } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { usePathname, useSearchParams } from 'next/navigation';
import { useEffect, useState } from 'react';
import type { EnrollmentCreated, EnrollmentDetail } from '../../api/types.js';
import { serverNow } from '../../api/server-time.js';
import { Answer } from '../../ui/answer.js';
import { uiWords } from '../../ui/words.js';
import { EnrollForm } from './enroll-form.js';
import { EnrollProgress } from './enroll-progress.js';
import { enrollWords as words } from './enroll-words.js';
import { useEnroll, useEnrollment, useRevokeEnrollment, type EnrollRequest } from './queries.js';

export const standardTtlSeconds = 1800;

/** The drawer is in the URL: `enroll=new` (with `host` and `replace` filled in) or the id of an enrollment to watch. */
export function useEnrollPlace() {
  const params = useSearchParams();
  const path = usePathname();
  const asked = params.get('enroll');
  const go = (search: string) => window.history.pushState(null, '', search === '' ? path : `${path}?${search}`);
  return {
    asked,
    initial: { host: params.get('host') ?? '', uses: 1, ttl_seconds: standardTtlSeconds, replace: params.get('replace') === '1' },
    open: () => go('enroll=new'),
    watch: (id: string) => go(`enroll=${id}`),
    close: () => go(''),
  };
}

interface WatchedProps { id: string; made: EnrollmentCreated | null; busy: boolean; onAgain: (enrollment: EnrollmentDetail) => void; onAnother: () => void; onClose: () => void }

/** An end is no event: it is looked for when its time has come. */
const afterEndMs = 500;

function Watched({ id, made, busy, onAgain, onAnother, onClose }: WatchedProps) {
  const enrollment = useEnrollment(id);
  const { data, refetch } = enrollment;
  const until = data?.state === 'open' ? data.expires_at : null;
  useEffect(() => {
    if (until === null) return;
    const timer = setTimeout(() => void refetch(), Math.max(0, Date.parse(until) - serverNow()) + afterEndMs);
    return () => clearTimeout(timer);
  }, [until, refetch]);
  return (
    <Answer of={enrollment}>
      {(detail) => <EnrollProgress enrollment={detail} made={made} busy={busy} onAgain={() => onAgain(detail)} onAnother={onAnother} onClose={onClose} />}
    </Answer>
  );
}

const leftSeconds = ({ created_at: from, expires_at: to }: EnrollmentDetail): number => Math.max(60, Math.round((Date.parse(to) - Date.parse(from)) / 1_000));

/** Name, command, waiting with its checklist, confirmation. The command stays readable here for as long as the page is open. */
export function EnrollDrawer() {
  const place = useEnrollPlace();
  const [made, setMade] = useState<EnrollmentCreated | null>(null);
  const enroll = useEnroll();
  const end = useRevokeEnrollment();
  const narrow = useMediaQuery('(max-width: 48em)');
  const make = (request: EnrollRequest) => enroll.mutate(request, {
    onSuccess: (created) => {
      setMade(created);
      place.watch(created.enrollment_id);
    },
  });
  /** In place of the one before, which lets nobody in any more. */
  const again = (enrollment: EnrollmentDetail) => {
    if (enrollment.state === 'open') end.mutate(enrollment.enrollment_id);
    make({ host: enrollment.host, uses: enrollment.uses_max, ttl_seconds: leftSeconds(enrollment), replace: enrollment.replace });
  };
  const { asked } = place;
  return (
    <Drawer opened={asked !== null} onClose={place.close} position="right" size={narrow ? '100%' : 'lg'} title={words.title} closeButtonProps={{ 'aria-label': uiWords.close }} styles={{ title: { fontWeight: 600 } }}>
      {asked === 'new' && <EnrollForm initial={place.initial} busy={enroll.isPending} error={enroll.error} onSubmit={make} />}
      {asked !== null && asked !== 'new' && (
        <Watched id={asked} made={made?.enrollment_id === asked ? made : null} busy={enroll.isPending} onAgain={again} onAnother={place.open} onClose={place.close} />
      )}
    </Drawer>
  );
}
