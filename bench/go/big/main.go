// SPDX-License-Identifier: Apache-2.0

// big: sixty-four actors; in each round each pings every other, answers pings and waits for its pongs.
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
}

const (
	actors = 64
	// Each other actor has at most one ping and one pong under way to this one, and there is
	// one stop: nobody ever waits for room, so nobody waits in a circle.
	mailbox = 2 * actors
)

func main() {
	args := kit.Parse()
	var inbox [actors]chan msg
	done, answered := make(chan bool), make(chan int64)

	for i := range inbox {
		inbox[i] = make(chan msg, mailbox)
	}
	start := time.Now()
	for i := range inbox {
		go actor(inbox[:], i, args.Count, done, answered)
	}
	for range inbox {
		<-done
	}
	took := time.Since(start)
	pings := int64(0)
	for i := range inbox {
		inbox[i] <- msg{tag: stop}
		pings += <-answered
	}
	kit.Check(pings == args.Count*actors*(actors-1), "pings answered: %d", pings)
	args.ReportSched("big", float64(2*pings)*1000/float64(took.Nanoseconds()), "Mmsg/s")
}

func actor(inbox []chan msg, me int, rounds int64, done chan bool, answered chan int64) {
	count := int64(0)
	for ; rounds > 0; rounds-- {
		for i, other := range inbox {
			if i != me {
				other <- msg{tag: ping, from: inbox[me]}
			}
		}
		count += pongs(inbox[me], actors-1)
	}
	done <- true
	for m := range inbox[me] { // all its own rounds are over; the others may still ping
		if m.tag == stop {
			break
		}
		m.from <- msg{tag: pong, from: inbox[me]}
		count++
	}
	answered <- count
}

func pongs(inbox chan msg, left int) (answered int64) {
	for left > 0 {
		m := <-inbox
		if m.tag == ping {
			m.from <- msg{tag: pong, from: inbox}
			answered++
		} else {
			left--
		}
	}
	return answered
}
