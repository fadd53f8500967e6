export { appendEvents, eventChannel, type EventInput } from './append.js';
export { EventFeed, type EventFeedOptions, type OnEvent, type Subscription } from './feed.js';
export { lastEventId, readEvents, type EventFilter, type EventQuery, type EventView } from './views.js';
