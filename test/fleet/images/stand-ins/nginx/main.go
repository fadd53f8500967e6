// nginx:1.27-alpine: answers 200 on / at port 80, as the untouched image does.
package main

import (
	"fmt"
	"net/http"

	"fleet/standins/serve"
)

var version = "dev" // set at build time

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Server", "nginx/"+version)
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintln(w, "<!DOCTYPE html><title>Welcome to nginx!</title><h1>Welcome to nginx!</h1>")
	})
	serve.Until("80", "nginx "+version)
}
