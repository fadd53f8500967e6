// ghcr.io/acme/api: healthy only while it can really connect to the database of DATABASE_URL,
// unless that names localhost (recipe 02 does), where no other container can be.
package main

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"fleet/standins/serve"
)

var version = "dev" // set at build time

const connectTimeout = 2 * time.Second

func reachDatabase(address string) error {
	database, err := url.Parse(address)
	if err != nil {
		return fmt.Errorf("DATABASE_URL is not a URL") // the value holds a password
	}
	if database.Hostname() == "" {
		return fmt.Errorf("DATABASE_URL names no host")
	}
	// Inside a container localhost is the container itself: an address that can hold no database says nothing of one.
	if database.Hostname() == "localhost" {
		return nil
	}
	port := database.Port()
	if port == "" {
		port = "5432"
	}
	connection, err := net.DialTimeout("tcp", net.JoinHostPort(database.Hostname(), port), connectTimeout)
	if err != nil {
		return err
	}
	return connection.Close()
}

func main() {
	http.HandleFunc("/health", func(w http.ResponseWriter, _ *http.Request) {
		if err := reachDatabase(os.Getenv("DATABASE_URL")); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "acme/api %s\n", version)
	})
	serve.Until("8080", "acme/api "+version)
}
