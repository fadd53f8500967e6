// demo/broken: says why and exits at once.
package main

import (
	"fmt"
	"os"
)

var version = "dev" // set at build time

func main() {
	fmt.Fprintf(os.Stderr, "demo/broken %s: cannot start: no such luck\n", version)
	os.Exit(1)
}
