import type { Component } from './document/schema.js';
export const f = (c: Component): 5 => c.source;
export const g = (c: Component): 5 => c;
