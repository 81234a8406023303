#!/bin/bash
# Go programs with C in them (cgo): calls in both directions, goroutines, panics with their lines; as a program, as a
# position-independent one and static; a Go library for C as shared object and archive; a plugin.
# packages: golang-go
# timeout: 600
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"
have go || skip "no go"

mkdir hello lib plug
cat >hello/main.go <<'END_G'
package main

/*
#include <stdlib.h>
#include <string.h>
#include <errno.h>
static __thread int local;
static int next(void) { return ++local; }
static int fails(void) { errno = ENOENT; return -1; }
extern int goCallback(int);
static int call_back(int n) { return goCallback(n) + 1; }
*/
import "C"

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"unsafe"
)

//export goCallback
func goCallback(n C.int) C.int { return n * 2 }

func main() {
	runtime.LockOSThread()
	text := C.CString("hello from C")
	defer C.free(unsafe.Pointer(text))
	fmt.Println(C.GoString(text), C.strlen(text), C.call_back(20), C.next(), C.next())
	_, err := C.fails()
	fmt.Println(errors.Is(err, syscall.ENOENT))
	var group sync.WaitGroup
	var lock sync.Mutex
	sum := 0
	for i := 1; i <= 100; i++ {
		group.Add(1)
		go func(i int) { defer group.Done(); lock.Lock(); sum += int(C.call_back(C.int(i))); lock.Unlock() }(i)
	}
	group.Wait()
	fmt.Println(sum, strings.ToUpper(os.Args[1]))
	defer func() {
		_, file, line, _ := runtime.Caller(0)
		fmt.Println(recover(), strings.HasSuffix(file, "main.go"), line)
	}()
	var nothing *struct{ x int }
	nothing.x = 1
}
END_G
cat >expected.txt <<'END_T'
hello from C 12 41 1 2
true
10200 X
runtime error: invalid memory address or nil pointer dereference true 46
END_T
cat >lib/lib.go <<'END_G'
package main

import "C"

import "strings"

//export GoRepeat
func GoRepeat(s *C.char, n C.int) *C.char {
	done := make(chan string)
	go func() { done <- strings.Repeat(C.GoString(s), int(n)) }()
	return C.CString(<-done)
}

func main() {}
END_G
echo '#include <string.h>
char *GoRepeat(const char *, int);
int main(void) { return strcmp(GoRepeat("ab", 3), "ababab"); }' >user.c
cat >plug/plug.go <<'END_G'
package main

// static int three(void) { return 3; }
import "C"

import "fmt"

var Value = 4

func Show(n int) string { return fmt.Sprint(n + Value + int(C.three())) }
END_G
mkdir host
cat >host/main.go <<'END_G'
package main

import (
	"fmt"
	"plugin"
)

func main() {
	p, err := plugin.Open("plug.so")
	if err != nil {
		panic(err)
	}
	show, _ := p.Lookup("Show")
	value, _ := p.Lookup("Value")
	*value.(*int) = 5
	fmt.Println(show.(func(int) string)(34))
}
END_G
export GO111MODULE=off GOCACHE=$PWD/cache GOPATH=$PWD/path GOFLAGS=-p=2 CGO_ENABLED=1
watch_links
# gobuild OUTPUT FOLDER GO-FLAGS LINKER-FLAGS; go writes a checksum into what the linker made, so the links are counted
gobuild() {
	local links
	links=$(cat "$watched/sums" 2>/dev/null | wc -l)
	go build -o "$1" $3 -ldflags "-linkmode external -extldflags '-B$GILD_BIN $4'" ./"$2"
	same $((links + 1)) "$(wc -l <"$watched/sums")" "links by the linker under test, $1"
}

gobuild prog hello "" ""
gobuild prog-pie hello "-buildmode=pie" ""
gobuild prog-static hello "-tags netgo,osusergo" "-static"
for prog in prog prog-pie prog-static; do
	./$prog x >answer.txt
	diff expected.txt answer.txt || fail "$prog: wrong output"
done
if readelf -lW prog-static | grep -q INTERP; then fail "prog-static is dynamic"; fi

gobuild libfromgo.so lib "-buildmode=c-shared" ""
link user.c ./libfromgo.so -o user-shared
./user-shared
go build -buildmode=c-archive -o libfromgo.a ./lib
link user.c libfromgo.a -lpthread -o user-static
./user-static

gobuild host.exe host "" ""
gobuild plug.so plug "-buildmode=plugin" ""
same 42 "$(./host.exe)" "plugin"
