/** What lets pages of Temporal Web ask a route that is meant for them (CORS), and no other page any route. */
import type { Request, Response } from 'express';
import type { ApiSettings } from '../context.js';

const preflightSeconds = 600;

/** Null: people have no Temporal Web. */
export const temporalWebOrigin = ({ temporalUiUrl }: Pick<ApiSettings, 'temporalUiUrl'>): string | null => (temporalUiUrl !== null && URL.canParse(temporalUiUrl) ? new URL(temporalUiUrl).origin : null);

/** True: it is a page of Temporal Web that asks, and its browser may show it the answer. */
export function admitTemporalWeb({ headers: { origin } }: Pick<Request, 'headers'>, response: Response, settings: ApiSettings): boolean {
  response.vary('Origin');
  if (origin === undefined || origin !== temporalWebOrigin(settings)) return false;
  response.setHeader('Access-Control-Allow-Origin', origin);
  response.setHeader('Access-Control-Allow-Credentials', 'true');
  return true;
}

/** A browser asks before it sends. False: not one of these pages. */
export function answerPreflight(request: Request, response: Response, settings: ApiSettings, methods: string): boolean {
  if (!admitTemporalWeb(request, response, settings)) return false;
  response.setHeader('Access-Control-Allow-Methods', methods);
  response.setHeader('Access-Control-Allow-Headers', 'content-type, x-namespace, authorization');
  response.setHeader('Access-Control-Max-Age', String(preflightSeconds));
  response.status(204).end();
  return true;
}
