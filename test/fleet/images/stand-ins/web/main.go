// demo/web: / shows the version and the config file it reads, so that a test can see what runs; /slow?ms=N holds a
// request open; /health fails without the config file.
package main

import (
	"fmt"
	"net/http"
	"os"
	"strconv"
	"time"

	"fleet/standins/serve"
)

var version = "dev" // set at build time

func main() {
	config := serve.Env("CONFIG", "/etc/app.conf")
	http.HandleFunc("/health", func(w http.ResponseWriter, _ *http.Request) {
		if _, err := os.Stat(config); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	http.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		milliseconds, _ := strconv.Atoi(r.URL.Query().Get("ms"))
		time.Sleep(time.Duration(milliseconds) * time.Millisecond)
		fmt.Fprintf(w, "version=%s\n", version)
	})
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		content, _ := os.ReadFile(config)
		fmt.Fprintf(w, "version=%s name=%s\n%s", version, os.Getenv("NAME"), content)
	})
	serve.Until(serve.Env("PORT", "8080"), "demo/web "+version)
}
