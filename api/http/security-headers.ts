/**
 * Response headers. Pages: the server-rendered app carries inline scripts and styles that differ per page, so these are
 * allowed inline, and everything else only from here. API answers: nothing may be loaded or framed at all.
 */
import type { RequestHandler } from 'express';
import helmet from 'helmet';

const pageDirectives = {
  defaultSrc: ["'self'"],
  scriptSrc: ["'self'", "'unsafe-inline'"],
  scriptSrcAttr: ["'none'"],
  styleSrc: ["'self'", "'unsafe-inline'"],
  imgSrc: ["'self'", 'data:', 'blob:'],
  fontSrc: ["'self'", 'data:'],
  connectSrc: ["'self'"],
  workerSrc: ["'self'", 'blob:'],
  objectSrc: ["'none'"],
  baseUri: ["'self'"],
  formAction: ["'self'"],
  frameAncestors: ["'none'"],
};

const dataDirectives = { defaultSrc: ["'none'"], frameAncestors: ["'none'"], baseUri: ["'none'"], formAction: ["'none'"] };

/** TLS ends in a proxy, or there is none: whether HTTPS is for ever is not ours to promise. */
const common = { strictTransportSecurity: false, xFrameOptions: { action: 'deny' } } as const;

const withDirectives = (directives: Record<string, string[]>): RequestHandler => helmet({ ...common, contentSecurityPolicy: { useDefaults: false, directives } });

export const pageHeaders = (): RequestHandler => withDirectives(pageDirectives);
export const dataHeaders = (): RequestHandler => withDirectives(dataDirectives);
