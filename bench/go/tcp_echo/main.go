// SPDX-License-Identifier: Apache-2.0

// tcp_echo: a goroutine accepts, and starts one for each connection.
package main

import (
	"bench/kit"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

const connections = 50

func main() {
	args := kit.Parse()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	kit.Check(err == nil, "%v", err)
	go serve(listener)
	port := listener.Addr().(*net.TCPAddr).Port
	ns := load(port, args.Count)
	args.ReportSched("tcp_echo", float64(args.Count)*1e6/ns, "kreq/s")
}

func serve(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		kit.Check(err == nil, "%v", err)
		go echo(conn)
	}
}

func echo(conn net.Conn) {
	defer conn.Close()
	var buf [4096]byte
	for {
		n, err := conn.Read(buf[:])
		if err != nil {
			return
		}
		if _, err = conn.Write(buf[:n]); err != nil {
			return
		}
	}
}

// The program that $TCP_LOAD names.
func load(port int, count int64) float64 {
	program := os.Getenv("TCP_LOAD")
	if program == "" {
		program = "./tcp_load"
	}
	out, err := exec.Command(program, strconv.Itoa(port), strconv.Itoa(connections),
		strconv.FormatInt(count, 10)).Output()
	kit.Check(err == nil, "%v", err)
	ns, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	kit.Check(err == nil && ns > 0, "%v", err)
	return ns
}
