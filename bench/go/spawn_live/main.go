// SPDX-License-Identifier: Apache-2.0

// spawn_live: memory of goroutines that wait, each at a channel of its own.
package main

import (
	"bench/kit"
	"runtime"
	"runtime/debug"
)

const batch = 1000

func main() {
	args := kit.Parse()
	var sample []chan chan bool
	ready := make(chan bool, batch)

	kit.Check(args.Count%batch == 0, "whole batches")
	kit.Check(args.Variant == "goroutine", "no variant %q", args.Variant)
	before := residentNow()
	for left := args.Count / batch; left > 0; left-- {
		sample = append(sample, startBatch(ready))
	}
	after := residentNow()
	kit.Check(int64(runtime.NumGoroutine()) > args.Count, "all live")
	answer := make(chan bool)
	for _, inbox := range sample {
		inbox <- answer
		<-answer
	}
	kit.Report("spawn_live.goroutine", float64(after-before)/float64(args.Count), "bytes")
}

// Start a batch, wait until all of it waits, and keep one to be asked whether it lives.
func startBatch(ready chan bool) (last chan chan bool) {
	for i := 0; i < batch; i++ {
		inbox := make(chan chan bool)
		go idle(inbox, ready)
		last = inbox
	}
	for i := 0; i < batch; i++ {
		<-ready
	}
	return last
}

func idle(inbox chan chan bool, ready chan bool) {
	ready <- true
	for ask := range inbox {
		ask <- true
	}
}

// Garbage is given back first: it belongs to no goroutine.
func residentNow() int64 {
	debug.FreeOSMemory()
	return kit.MemoryBytes("VmRSS:")
}
