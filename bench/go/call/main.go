// SPDX-License-Identifier: Apache-2.0

// call: one client reads the counter of a server count times; each call brings its own way back.
package main

import (
	"bench/kit"
	"time"
)

type request struct {
	from chan int64
}

func main() {
	args := kit.Parse()
	requests := make(chan request, 1)
	go server(requests)
	reply := make(chan int64, 1)
	sum := int64(0)
	start := time.Now()
	for i := int64(0); i < args.Count; i++ {
		requests <- request{reply}
		sum += <-reply
	}
	took := time.Since(start)
	kit.Check(sum == args.Count, "sum %d", sum)
	args.ReportSched("call", float64(args.Count)*1000/float64(took.Nanoseconds()), "Mcall/s")
}

func server(requests chan request) {
	value := int64(1)
	for r := range requests {
		r.from <- value
	}
}
