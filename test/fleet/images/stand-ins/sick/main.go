// demo/sick: starts and stays, but is not healthy until it is started with SICK=no or somebody made /state/mended.
package main

import (
	"fmt"
	"net/http"
	"os"

	"fleet/standins/serve"
)

var version = "dev" // set at build time

func main() {
	http.HandleFunc("/health", func(w http.ResponseWriter, _ *http.Request) {
		if _, err := os.Stat("/state/mended"); err != nil && os.Getenv("SICK") != "no" {
			http.Error(w, "sick", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	serve.Until(serve.Env("PORT", "8080"), "demo/sick "+version)
}
