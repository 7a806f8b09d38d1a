// SPDX-License-Identifier: Apache-2.0

// node_start SCHEDULERS PORT: a server that answers PING; how long it takes to come up is measured
// from outside.
package main

import (
	"bufio"
	"log"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
)

func serve(conn net.Conn) {
	defer conn.Close()
	lines := bufio.NewScanner(conn)
	for lines.Scan() && strings.HasPrefix(lines.Text(), "PING") {
		if _, err := conn.Write([]byte("+PONG\r\n")); err != nil {
			return
		}
	}
}

func main() {
	n, err := strconv.Atoi(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	runtime.GOMAXPROCS(n)
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	for {
		conn, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go serve(conn)
	}
}
