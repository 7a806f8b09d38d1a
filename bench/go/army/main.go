// SPDX-License-Identifier: Apache-2.0

// army: counters, a goroutine with a channel each: start, tick i-th by i, sum, square root, sum, stop.
package main

import (
	"bench/kit"
	"math"
	"time"
)

type tag int

const (
	tick tag = iota
	read
	stop
)

type msg struct {
	tag   tag
	n     float64
	reply chan float64
}

type counter struct{ inbox chan msg }

func main() {
	args := kit.Parse()
	army := make([]counter, args.Count)
	integers, roots, expect := 0.0, 0.0, 0.0

	spawn := timed(func() {
		for i := range army {
			army[i] = start()
		}
	})
	ticks := timed(func() {
		for i, c := range army {
			c.tick(float64(i + 1))
		}
	})
	sum := timed(func() { integers = total(army) })
	sqrt := timed(func() {
		for _, c := range army {
			value := c.read()
			c.tick(math.Sqrt(value) - value)
		}
	})
	sum2 := timed(func() { roots = total(army) })
	stops := timed(func() {
		for _, c := range army {
			c.stop()
		}
	})

	kit.Check(int64(integers) == args.Count*(args.Count+1)/2, "sum of the integers: %f", integers)
	for i := range army {
		expect += math.Sqrt(float64(i + 1))
	}
	kit.Check(math.Abs(roots-expect) < 1e-9*roots, "sum of the roots: %f", roots)
	kit.Report("army.spawn", spawn, "ms")
	kit.Report("army.tick", ticks, "ms")
	kit.Report("army.sum", sum, "ms")
	kit.Report("army.sqrt", sqrt, "ms")
	kit.Report("army.sum2", sum2, "ms")
	kit.Report("army.stop", stops, "ms")
	kit.Report("army.total", spawn+ticks+sum+sqrt+sum2+stops, "ms")
	kit.Report("army.rss", float64(kit.MemoryBytes("VmHWM:")), "bytes")
}

func timed(phase func()) float64 {
	start := time.Now()
	phase()
	return float64(time.Since(start).Nanoseconds()) / 1e6
}

func total(army []counter) (sum float64) {
	for _, c := range army {
		sum += c.read()
	}
	return sum
}

func start() counter {
	c := counter{make(chan msg, 1)}
	go c.loop()
	return c
}

func (c counter) tick(n float64) {
	c.inbox <- msg{tag: tick, n: n}
}

func (c counter) read() float64 {
	reply := make(chan float64, 1)
	c.inbox <- msg{tag: read, reply: reply}
	return <-reply
}

func (c counter) stop() {
	reply := make(chan float64, 1)
	c.inbox <- msg{tag: stop, reply: reply}
	<-reply
}

func (c counter) loop() {
	value := 0.0
	for m := range c.inbox {
		switch m.tag {
		case tick:
			value += m.n
		case read:
			m.reply <- value
		case stop:
			m.reply <- value
			return
		}
	}
}
