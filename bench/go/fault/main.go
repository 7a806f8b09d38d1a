// SPDX-License-Identifier: Apache-2.0

// fault: from a write through nil in a goroutine to its parent knowing; the median of count times.
package main

import (
	"bench/kit"
	"time"
)

var nowhere *int

func main() {
	args := kit.Parse()
	times := make([]time.Duration, args.Count)

	for i := range times {
		down := make(chan any)
		var failed time.Time
		go fail(&failed, down)
		reason := <-down
		times[i] = time.Since(failed)
		_, isError := reason.(error)
		kit.Check(isError, "no run-time error: %v", reason)
	}
	kit.Report("fault", float64(kit.Percentile(times, 0.5).Nanoseconds())/1000, "us")
}

func fail(failed *time.Time, down chan any) {
	defer func() { down <- recover() }()
	*failed = time.Now()
	*nowhere = 1
}
