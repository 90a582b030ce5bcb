// main.go BASE TOKEN VISITS CA: net/http, with HTTP/2 over TLS, against a server.
package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const atOnce, part = 100, 10000

var (
	base, token string
	opened      int32
	client      *http.Client
)

func check(good bool, what string, values ...interface{}) {
	word := "ok"
	if !good {
		word = "NOT OK"
	}
	fmt.Println(word, fmt.Sprintf(what, values...))
	if !good {
		os.Exit(1)
	}
}

func must(err error) {
	if err != nil {
		check(false, "%v", err)
	}
}

// The names and values of headers in turn.
func open(path string, headers ...string) (*http.Response, error) {
	request, err := http.NewRequest("GET", base+"/api/v1/"+path, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	answer, err := client.Do(request)
	if err == nil && answer.ProtoMajor != 2 {
		err = fmt.Errorf("%s, not HTTP/2", answer.Proto)
	}
	return answer, err
}

func get(path string, headers ...string) (*http.Response, []byte) {
	answer, err := open(path, headers...)
	must(err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	must(err)
	return answer, body
}

type history struct {
	Visits []json.RawMessage
	Next   *string
}

func pages(visits int) {
	count, query := 0, "history?limit=500"
	for {
		var page history
		answer, body := get(query)
		if answer.StatusCode != 200 {
			check(false, "a page of history: %d", answer.StatusCode)
		}
		must(json.Unmarshal(body, &page))
		count += len(page.Visits)
		if page.Next == nil {
			break
		}
		query = "history?limit=500&cursor=" + url.QueryEscape(*page.Next)
	}
	check(count == visits, "%d visits by cursors", count)
}

func exports(visits int) {
	answer, packed := get("export/history.json", "Accept-Encoding", "gzip")
	reader, err := gzip.NewReader(bytes.NewReader(packed))
	must(err)
	whole, err := io.ReadAll(reader)
	must(err)
	var content struct {
		Pages []struct{ Visits []json.RawMessage }
	}
	must(json.Unmarshal(whole, &content))
	count := 0
	for _, page := range content.Pages {
		count += len(page.Visits)
	}
	coding := answer.Header.Get("Content-Encoding")
	check(coding == "gzip" && count == visits, "export %s, %d bytes, %d visits", coding,
		len(packed), count)

	answer, err = open("export/history.json", "Accept-Encoding", "identity")
	must(err)
	have := make([]byte, part)
	_, err = io.ReadFull(answer.Body, have)
	must(err)
	answer.Body.Close() // in the middle
	ranged := fmt.Sprintf("bytes=%d-", part)
	rest, body := get("export/history.json", "Accept-Encoding", "identity", "Range", ranged,
		"If-Range", answer.Header.Get("ETag"))
	check(rest.StatusCode == 206 && bytes.Equal(append(have, body...), whole),
		"resumed after %d bytes", part)
	rest, body = get("export/history.json", "Accept-Encoding", "identity", "Range", ranged,
		"If-Range", `"other"`)
	check(rest.StatusCode == 200 && bytes.Equal(body, whole),
		"all of it, where If-Range is another's")
}

func parallel() {
	var wait sync.WaitGroup
	var good int32
	for n := 1; n <= atOnce; n++ {
		wait.Add(1)
		go func(n int) {
			defer wait.Done()
			answer, err := open("history?limit=" + strconv.Itoa(n))
			if err != nil {
				return
			}
			defer answer.Body.Close()
			var page history
			if json.NewDecoder(answer.Body).Decode(&page) == nil && answer.StatusCode == 200 &&
				len(page.Visits) == n {
				atomic.AddInt32(&good, 1)
			}
		}(n)
	}
	wait.Wait()
	check(good == atOnce && opened == 1, "%d of %d at once, %d connection", good, atOnce, opened)
}

func events() {
	answer, err := open("events")
	must(err)
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() {
		if name := strings.TrimPrefix(lines.Text(), "event: "); name != lines.Text() {
			check(name == "ready", "event %s", name)
			return
		}
	}
	check(false, "the stream of events ended: %v", lines.Err())
}

func main() {
	base, token = os.Args[1], os.Args[2]
	visits, err := strconv.Atoi(os.Args[3])
	must(err)
	pem, err := os.ReadFile(os.Args[4])
	must(err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	dialer := net.Dialer{Timeout: 30 * time.Second}
	client = &http.Client{Timeout: time.Minute, Transport: &http.Transport{
		ForceAttemptHTTP2: true,
		TLSClientConfig:   &tls.Config{RootCAs: roots},
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			atomic.AddInt32(&opened, 1)
			return dialer.DialContext(ctx, network, address)
		},
	}}
	pages(visits)
	answer, _ := get("history")
	answer, _ = get("history", "If-None-Match", answer.Header.Get("ETag"))
	check(answer.StatusCode == 304, "%d to If-None-Match", answer.StatusCode)
	exports(visits)
	parallel()
	events()
}
