// SPDX-License-Identifier: Apache-2.0

// cast: one client sends {tick, 1} count times to a server, then reads it.
package main

import (
	"bench/kit"
	"time"
)

type tag int

const (
	add tag = iota
	get
)

type msg struct {
	tag  tag
	n    int64
	from chan int64
}

const mailbox = 1024

func main() {
	args := kit.Parse()
	inbox, reply := make(chan msg, mailbox), make(chan int64)
	go counter(inbox)
	start := time.Now()
	for i := int64(0); i < args.Count; i++ {
		inbox <- msg{tag: add, n: 1}
	}
	inbox <- msg{tag: get, from: reply}
	sum := <-reply
	took := time.Since(start)
	kit.Check(sum == args.Count, "sum %d", sum)
	args.ReportSched("cast", float64(args.Count)*1000/float64(took.Nanoseconds()), "Mmsg/s")
}

func counter(inbox chan msg) {
	sum := int64(0)
	for m := range inbox {
		switch m.tag {
		case add:
			sum += m.n
		case get:
			m.from <- sum
		}
	}
}
