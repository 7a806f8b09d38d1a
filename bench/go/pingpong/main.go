// SPDX-License-Identifier: Apache-2.0

// pingpong: two goroutines with a channel each; {ping, from} one way, pong back.
package main

import (
	"bench/kit"
	"time"
)

type tag int

const (
	ping tag = iota
	pong
	stop
)

type msg struct {
	tag  tag
	from chan msg
	n    int64
}

func main() {
	args := kit.Parse()
	here, there := make(chan msg, 1), make(chan msg, 1)
	go answer(there)
	start := time.Now()
	for i := int64(0); i < args.Count; i++ {
		there <- msg{tag: ping, from: here}
		if m := <-here; m.tag != pong {
			kit.Check(false, "not a pong: %v", m)
		}
	}
	took := time.Since(start)
	there <- msg{tag: stop, from: here}
	kit.Check((<-here).n == args.Count, "pings answered")
	args.ReportSched("pingpong", float64(took.Nanoseconds())/float64(args.Count), "ns")
}

func answer(inbox chan msg) {
	for answered := int64(0); ; answered++ {
		m := <-inbox
		if m.tag == stop {
			m.from <- msg{n: answered}
			return
		}
		m.from <- msg{tag: pong}
	}
}
