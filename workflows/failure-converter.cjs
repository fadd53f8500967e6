/** Messages and stacks of failures travel as a payload, so that they are sealed like all others (control/payloads). Loaded by path, hence a file of its own that is plain JavaScript. */
const { DefaultFailureConverter } = require('@temporalio/common');

exports.failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
