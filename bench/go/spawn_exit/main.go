// SPDX-License-Identifier: Apache-2.0

// spawn_exit: goroutines that count themselves and end; each thousandth tells the parent, who waits.
package main

import (
	"bench/kit"
	"runtime"
	"sync/atomic"
	"time"
)

const batch = 1000

func main() {
	args := kit.Parse()
	var ended atomic.Int64
	batchDone := make(chan bool)

	kit.Check(args.Count%batch == 0, "whole batches")
	start := time.Now()
	for left := args.Count / batch; left > 0; left-- {
		for i := 1; i < batch; i++ {
			go func() { ended.Add(1) }()
		}
		go func() { ended.Add(1); batchDone <- true }()
		<-batchDone
	}
	for ended.Load() < args.Count { // the last one to tell need not be the last one to end
		runtime.Gosched()
	}
	took := time.Since(start)
	kit.Check(ended.Load() == args.Count, "all ended once")
	args.ReportSched("spawn_exit", float64(took.Nanoseconds())/float64(args.Count), "ns")
}
