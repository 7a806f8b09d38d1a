// SPDX-License-Identifier: Apache-2.0

// latency: round trips of a pair, one each millisecond, while 10,000 goroutines work 20 us at a time.
package main

import (
	"bench/kit"
	"fmt"
	"os"
	"runtime"
	"sync/atomic"
	"time"
)

const (
	busy  = 10000
	piece = 20 * time.Microsecond
	pause = time.Millisecond
)

type msg struct {
	from chan int64
	id   int64
}

func main() {
	args := kit.Parse()
	var over atomic.Bool
	pieces := make(chan int64)

	for i := 0; i < busy; i++ {
		go work(&over, pieces)
	}
	times := pingFor(time.Duration(args.Count) * time.Millisecond)
	over.Store(true)
	for i := 0; i < busy; i++ {
		kit.Check(<-pieces > 0, "each has worked")
	}
	fmt.Fprintf(os.Stderr, "latency go: %d round trips\n", len(times))
	kit.Report("latency.p999", float64(kit.Percentile(times, 0.999).Nanoseconds())/1e6, "ms")
	kit.Report("latency.worst", float64(kit.Percentile(times, 1).Nanoseconds())/1e6, "ms")
}

func pingFor(whole time.Duration) (times []time.Duration) {
	here, there := make(chan int64), make(chan msg)
	go func() {
		for m := range there {
			m.from <- m.id
		}
	}()
	for begin := time.Now(); time.Since(begin) < whole; {
		time.Sleep(pause)
		start := time.Now()
		there <- msg{here, int64(len(times))}
		kit.Check(<-here == int64(len(times)), "the pong is to this ping")
		times = append(times, time.Since(start))
	}
	return times
}

func work(over *atomic.Bool, pieces chan int64) {
	count := int64(0)
	for !over.Load() {
		kit.Spin(piece)
		count++
		runtime.Gosched()
	}
	pieces <- count
}
