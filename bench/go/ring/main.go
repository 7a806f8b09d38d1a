// SPDX-License-Identifier: Apache-2.0

// ring: a token with its number of hops left goes round a thousand goroutines.
package main

import (
	"bench/kit"
	"time"
)

type tag int

const (
	token tag = iota
	collect
)

type msg struct {
	tag  tag
	left int64
	sum  int64
}

const size = 1000

func main() {
	args := kit.Parse()
	arrived, passed := make(chan int), make(chan int64)
	var inbox [size]chan msg

	kit.Check(args.Count%size == 0, "whole rounds")
	for i := range inbox {
		inbox[i] = make(chan msg, 1)
	}
	for i := range inbox {
		go node(i, inbox[i], inbox[(i+1)%size], arrived, passed)
	}
	start := time.Now()
	inbox[0] <- msg{tag: token, left: args.Count}
	kit.Check(<-arrived == 0, "arrived at the first")
	took := time.Since(start)
	inbox[0] <- msg{tag: collect, left: size}
	kit.Check(<-passed == args.Count, "tokens passed on")
	args.ReportSched("ring", float64(took.Nanoseconds())/float64(args.Count), "ns")
}

// Collecting, each adds the number of tokens it passed on, and ends; the last tells the parent.
func node(me int, inbox, next chan msg, arrived chan int, passed chan int64) {
	count := int64(0)
	for m := range inbox {
		switch {
		case m.tag == token && m.left == 0:
			arrived <- me
		case m.tag == token:
			count++
			next <- msg{tag: token, left: m.left - 1}
		case m.left == 1:
			passed <- m.sum + count
			return
		default:
			next <- msg{tag: collect, left: m.left - 1, sum: m.sum + count}
			return
		}
	}
}
