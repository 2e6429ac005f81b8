// SPDX-License-Identifier: MIT
// Peer of `make bench`: the HTTP client of Go's standard library.
package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	bodySize    = 312
	firstNumber = 10000000
	head        = `{"event":"ticket.created","timestamp":"2025-01-15T10:30:00.000Z","data":{"ticket":{` +
		`"id":"0b2f4f4e-6f0d-4d3b-9a53-7a4a3b1d2c10","number":`
	subject = `,"subject":"Can't reset password`
	end     = `","status":"open","priority":"high"},"customer":{"email":"user@example.com","name":"Jane Smith"}}}`
)

var tail = subject + strings.Repeat("x", bodySize-len(head)-8-len(subject)-len(end)) + end

func giveUp(why ...any) {
	fmt.Fprintln(os.Stderr, append([]any{"nethttp:"}, why...)...)
	os.Exit(1)
}

func number(text string) int {
	value, err := strconv.Atoi(text)
	if err != nil || value < 0 {
		giveUp("COUNT, CONNECTIONS and WARMUP are numbers")
	}
	return value
}

// send posts what it is told to, one request after the other.
func send(client *http.Client, url string, numbers <-chan int) {
	mac := hmac.New(sha256.New, []byte("benchmark secret"))
	for n := range numbers {
		digits := strconv.Itoa(n)
		body := make([]byte, 0, bodySize)
		body = append(body, head...)
		body = append(body, digits...)
		body = append(body, tail...)
		mac.Reset()
		mac.Write(body)

		request, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
		if err != nil {
			giveUp(err)
		}
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("X-Helmdesk-Event", "ticket.created")
		request.Header.Set("X-Helmdesk-Signature", hex.EncodeToString(mac.Sum(nil)))
		request.Header.Set("X-Helmdesk-Delivery", "3f0a5c8e-52d1-4c77-8e0b-0000"+digits)
		request.Header.Set("User-Agent", "bench")
		response, err := client.Do(request)
		if err != nil {
			giveUp(err)
		}
		if _, err = io.Copy(io.Discard, response.Body); err != nil {
			giveUp(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusOK {
			giveUp("the status is", response.Status)
		}
	}
}

// run posts count requests, numbered from first.
func run(client *http.Client, url string, first, count, connections int) {
	numbers := make(chan int, connections)
	var senders sync.WaitGroup
	for i := 0; i < connections; i++ {
		senders.Add(1)
		go func() {
			defer senders.Done()
			send(client, url, numbers)
		}()
	}
	for i := 0; i < count; i++ {
		numbers <- first + i
	}
	close(numbers)
	senders.Wait()
}

func cpuUsed() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		giveUp(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func main() {
	runtime.GOMAXPROCS(1)
	if len(os.Args) != 5 {
		giveUp("usage: nethttp URL COUNT CONNECTIONS WARMUP")
	}
	url, count, connections, warmup := os.Args[1], number(os.Args[2]), number(os.Args[3]), number(os.Args[4])
	if connections == 0 {
		giveUp("CONNECTIONS is at least 1")
	}
	client := &http.Client{Transport: &http.Transport{
		MaxIdleConns:        connections,
		MaxIdleConnsPerHost: connections,
		MaxConnsPerHost:     connections,
		DisableCompression:  true, // no Accept-Encoding: the others send none
	}}

	run(client, url, firstNumber, warmup, connections)
	cpu, wall := cpuUsed(), time.Now()
	run(client, url, firstNumber+warmup, count, connections)
	cpu = cpuUsed() - cpu
	fmt.Println(count, cpu.Microseconds(), time.Since(wall).Microseconds())
}
