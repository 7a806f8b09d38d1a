// SPDX-License-Identifier: Apache-2.0

// cast_fanin: eight clients send {tick, 1} to one server, count / 8 each; all then read it.
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

const (
	mailbox   = 1024
	producers = 8
)

func main() {
	args := kit.Parse()
	each := args.Count / producers
	inbox, produced := make(chan msg, mailbox), make(chan bool)

	kit.Check(args.Count%producers == 0, "equal shares")
	go counter(inbox)
	start := time.Now()
	for i := 0; i < producers; i++ {
		go produce(inbox, each, produced)
	}
	for i := 0; i < producers; i++ {
		<-produced
	}
	sum := ask(inbox, make(chan int64))
	took := time.Since(start)
	kit.Check(sum == args.Count, "sum %d", sum)
	args.ReportSched("cast_fanin", float64(args.Count)*1000/float64(took.Nanoseconds()), "Mmsg/s")
}

// The answer shows that all its own messages were counted: they came before the question.
func produce(inbox chan msg, each int64, produced chan bool) {
	for i := int64(0); i < each; i++ {
		inbox <- msg{tag: add, n: 1}
	}
	ask(inbox, make(chan int64))
	produced <- true
}

func ask(inbox chan msg, reply chan int64) int64 {
	inbox <- msg{tag: get, from: reply}
	return <-reply
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
