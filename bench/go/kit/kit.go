// SPDX-License-Identifier: Apache-2.0

// Package kit is what every Go benchmark program needs: arguments, clock, memory, result
// lines. The contract is the one of ../kit.h, which says the same for C.
package kit

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"time"
)

// Args of a program: SCHEDULERS COUNT [VARIANT].
type Args struct {
	Schedulers int
	Count      int64
	Variant    string
}

// Parse reads the arguments and sets GOMAXPROCS.
func Parse() Args {
	if len(os.Args) < 3 || len(os.Args) > 4 {
		fail(2, "usage: %s SCHEDULERS COUNT [VARIANT]", os.Args[0])
	}
	args := Args{Schedulers: int(number(os.Args[1])), Count: number(os.Args[2])}
	if len(os.Args) > 3 {
		args.Variant = os.Args[3]
	}
	runtime.GOMAXPROCS(args.Schedulers)
	return args
}

// Check ends the program when a sum is wrong.
func Check(ok bool, format string, values ...any) {
	if !ok {
		fail(1, "check failed: "+format, values...)
	}
}

// Report prints one result line.
func Report(name string, value float64, unit string) {
	fmt.Printf("%s go %.4f %s\n", name, value, unit)
}

// ReportSched prints the result of an operation measured per number of schedulers.
func (args Args) ReportSched(name string, value float64, unit string) {
	Report(fmt.Sprintf("%s.%d", name, args.Schedulers), value, unit)
}

// Spin keeps the core busy for a while of real time.
func Spin(d time.Duration) {
	for start := time.Now(); time.Since(start) < d; {
	}
}

// MemoryBytes reads a line of /proc/self/status: "VmRSS:" now, "VmHWM:" the peak.
func MemoryBytes(lineName string) int64 {
	status, err := os.Open("/proc/self/status")
	Check(err == nil, "%v", err)
	defer status.Close()
	for lines := bufio.NewScanner(status); lines.Scan(); {
		words := strings.Fields(lines.Text())
		if len(words) > 1 && words[0] == lineName {
			return number(words[1]) * 1024
		}
	}
	fail(1, "no %s in /proc/self/status", lineName)
	return 0
}

// Percentile sorts the samples in place and returns the nearest-rank one.
func Percentile(samples []time.Duration, share float64) time.Duration {
	Check(len(samples) > 0, "no samples")
	sort.Slice(samples, func(i, j int) bool { return samples[i] < samples[j] })
	rank := int(math.Ceil(share * float64(len(samples))))
	if rank < 1 {
		rank = 1
	}
	return samples[rank-1]
}

func number(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 {
		fail(2, "not a positive number: %s", text)
	}
	return n
}

func fail(status int, format string, values ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", values...)
	os.Exit(status)
}
