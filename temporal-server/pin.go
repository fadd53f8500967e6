//go:build tools

// Package tools pins what `go build` makes of the Temporal command line and the server inside it.
// The command line alone would bring an older server; go.mod raises it to a release without CVE-2026-5199.
package tools

import (
	_ "github.com/temporalio/cli/cmd/temporal"
	_ "go.temporal.io/server/temporal"
)
