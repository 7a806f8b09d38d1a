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
	times, lates := pingFor(time.Duration(args.Count) * time.Millisecond)
	over.Store(true)
	for i := 0; i < busy; i++ {
		kit.Check(<-pieces > 0, "each has worked")
	}
	fmt.Fprintf(os.Stderr, "%d round trips\n", len(times))
	report("latency.p999", times, 0.999)
	report("latency.worst", times, 1)
	report("latency.wake", lates, 0.999)
}

func report(name string, samples []time.Duration, share float64) {
	kit.Report(name, float64(kit.Percentile(samples, share).Nanoseconds())/1e6, "ms")
}

// Round trips, and how late the pause before each ended.
func pingFor(whole time.Duration) (times, lates []time.Duration) {
	here, there := make(chan int64), make(chan msg)
	go func() {
		for m := range there {
			m.from <- m.id
		}
	}()
	for begin := time.Now(); time.Since(begin) < whole; {
		due := time.Now().Add(pause)
		time.Sleep(pause)
		start := time.Now()
		lates = append(lates, start.Sub(due))
		there <- msg{here, int64(len(times))}
		kit.Check(<-here == int64(len(times)), "the pong is to this ping")
		times = append(times, time.Since(start))
	}
	return times, lates
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
