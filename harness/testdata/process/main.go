// SPDX-License-Identifier: GPL-2.0-or-later

// Process shows what its kernel has given it, in the way that its first argument names.
package main

import (
	"encoding/hex"
	"fmt"
	"os"
	"runtime"
	"syscall"
)

var kept []byte

func main() {
	how := "argv"
	if len(os.Args) > 1 {
		how = os.Args[1]
	}
	switch how {
	case "argv":
		fmt.Printf("%q\n", os.Args)
	case "cat": // files, as they are
		for _, path := range os.Args[2:] {
			text, err := os.ReadFile(path)
			fmt.Printf("%s%v\n", text, err)
		}
	case "hex": // a file
		text, err := os.ReadFile(os.Args[2])
		fmt.Println(hex.EncodeToString(text), err)
	case "heap": // where it is, before and after collections
		for range 3 {
			kept = make([]byte, 1<<20)
			runtime.GC()
			fmt.Printf("%p\n", kept)
		}
	case "write": // to both outputs, and what comes of it
		_, err := fmt.Println("to stdout")
		fmt.Fprintln(os.Stderr, "stdout:", err)
	case "writeerr":
		_, err := fmt.Fprintln(os.Stderr, "to stderr")
		fmt.Println("stderr:", err)
	case "read":
		n, err := os.Stdin.Read(make([]byte, 10))
		fmt.Println(n, err)
	case "open": // the number of the next descriptor
		f, err := os.Open("/etc/passwd")
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(f.Fd())
	case "files": // how many there can be
		var l syscall.Rlimit
		err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l)
		fmt.Println(l.Cur, l.Max, err)
		for n := 0; ; n++ {
			if _, err := syscall.Open("/etc/passwd", syscall.O_RDONLY, 0); err != nil {
				fmt.Println(n, err)
				break
			}
		}
	case "throw":
		var m map[int]int
		m[0] = 1
	}
}
